import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { copy, count, createJob, ended, form, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { fieldPart, filePart, formHead, rawRequest } from "./raw-http.ts";

const SECRET = "postgres://me:hunter2@db.internal/app";

/** Accepts large options, and has a step that fails in special ways. */
const careless = definePipeline({
  name: "careless",
  version: 1,
  title: "Careless",
  options: z.object({ table: z.record(z.string(), z.number()).default({}) }).strict(),
}).each(
  "fail",
  () => {
    throw new Error(`connect ECONNREFUSED ${SECRET}`);
  },
  { attempts: 1 },
);

let server: Running;
beforeAll(async () => {
  server = await start({
    pipelines: [copy, count, careless],
    limits: { jsonMs: 2_000, bodyWindowMs: 2_000, bodyBytesPerSecond: 1_000 },
  });
});
afterAll(() => server.close());

/** CPU time of the server's thread during `work`, in ms. Nobody else is served in that time. */
async function computing(work: () => Promise<unknown>): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

async function postJson(body: string) {
  const answer = await fetch(`${server.url}/v1/jobs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  return { status: answer.status, text: await answer.text() };
}

const wrongFiles = (n: number) => `{"pipeline":"copy","files":[${Array(n).fill('{"a":1}').join(",")}]}`;
const keys = (n: number, value: string) =>
  Array.from({ length: n }, (_, at) => `"k${at}":${value}`).join(",");

test.each([
  ["files beyond number", wrongFiles(100_000), 413],
  ["files of no pipeline", wrongFiles(100_000).replace("copy", "nope"), 413],
  ["as many wrong files as a request may name", wrongFiles(10_000).replace("copy", "nope"), 400],
  ["metadata beyond number", `{"pipeline":"copy","metadata":{${keys(50_000, "1")}}}`, 400],
  ["unknown members", `{"pipeline":"copy",${keys(50_000, "1")}}`, 400],
  ["options beyond number", `{"pipeline":"careless","options":{"table":{${keys(50_000, '"x"')}}}}`, 400],
  ["wrong options", `{"pipeline":"careless","options":{"table":{${keys(9_000, '"x"')}}}}`, 422],
  ["unknown options", `{"pipeline":"careless","options":{${keys(9_000, "1")}}}`, 422],
  [
    "deep options",
    `{"pipeline":"careless","options":{"table":${"[".repeat(120_000)}${"]".repeat(120_000)}}}`,
    400,
  ],
  ["deep metadata", `{"pipeline":"careless","metadata":${"[".repeat(120_000)}${"]".repeat(120_000)}}`, 400],
  ["deep files", `{"pipeline":"copy","files":${"[".repeat(120_000)}${"]".repeat(120_000)}}`, 400],
])("%s get a short answer, and stop nobody", async (_, body, status) => {
  let answer = { status: 0, text: "" };
  const ms = await computing(async () => {
    answer = await postJson(body);
  });
  expect(answer.status).toBe(status);
  expect(answer.text.length).toBeLessThan(16_000);
  expect(ms).toBeLessThan(500);
});

test("the first 20 faults are told", async () => {
  const { text } = await postJson(wrongFiles(5).replace("copy", "nope"));
  expect((JSON.parse(text) as { issues: unknown[] }).issues).toHaveLength(5);
  const more = await postJson(wrongFiles(50).replace("copy", "nope"));
  expect((JSON.parse(more.text) as { issues: unknown[] }).issues).toHaveLength(20);
});

const B = "boundary";

test.each(["options", "metadata", "items", "pipeline", "priority", "startAt"])(
  "a part %s of 120,000 brackets is refused, as text and as JSON",
  async (name) => {
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    for (const value of [deep, "[".repeat(60_000) + "]".repeat(60_000)]) {
      for (const type of ["", "\r\nContent-Type: application/json"]) {
        const part = `--${B}\r\nContent-Disposition: form-data; name="${name}"${type}\r\n\r\n${value}\r\n`;
        const rest = name === "pipeline" ? "" : fieldPart(B, "pipeline", "count");
        const body = `${part}${rest}--${B}--\r\n`;
        const answer = await rawRequest(server.port, [
          formHead(server.port, B, Buffer.byteLength(body), ["Connection: close"]),
          body,
        ]);
        expect([answer.status >= 400 && answer.status < 500, answer.status]).toEqual([true, answer.status]);
      }
    }
  },
);

test("options of a form may be a part of type application/json", async () => {
  const data = form("count", []);
  data.set("options", new Blob(['{"to":3}'], { type: "application/json" }));
  const part = `--${B}\r\nContent-Disposition: form-data; name="options"\r\nContent-Type: application/json\r\n\r\n{"to":3}\r\n`;
  const body = `${fieldPart(B, "pipeline", "count")}${part}--${B}--\r\n`;
  const answer = await rawRequest(server.port, [
    formHead(server.port, B, Buffer.byteLength(body), ["Connection: close"]),
    body,
  ]);
  expect(answer.status).toBe(202);
});

/** Sends a request whose body trickles in, one byte every 100 ms. Resolves when the server ends it. */
async function trickle(head: string, first = "", byte = "x"): Promise<{ ms: number; text: string }> {
  const socket = connect(server.port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  await once(socket, "connect");
  const began = performance.now();
  socket.write(head + first);
  const timer = setInterval(() => socket.write(byte), 100);
  await Promise.race([closed, sleep(15_000)]);
  clearInterval(timer);
  socket.destroy();
  return { ms: performance.now() - began, text };
}

test("a body that trickles is ended, of whatever kind it is", { timeout: 40_000 }, async () => {
  const created = await fetch(`${server.url}/v1/uploads`, {
    method: "POST",
    headers: { "tus-resumable": "1.0.0", "upload-length": "100000" },
  });
  const path = created.headers.get("location")!;
  const host = `Host: 127.0.0.1:${server.port}`;
  const json = [
    `POST /v1/jobs HTTP/1.1`,
    host,
    "Content-Type: application/json",
    "Content-Length: 5000",
    "",
    "",
  ];
  const tus = [
    `PATCH ${path} HTTP/1.1`,
    host,
    "Tus-Resumable: 1.0.0",
    "Upload-Offset: 0",
    "Content-Type: application/offset+octet-stream",
    "Content-Length: 100000",
    "",
    "",
  ];
  const file = filePart(B, "files", "a.txt", "begun").slice(0, -2);
  const answers = await Promise.all([
    trickle(json.join("\r\n"), "{"),
    trickle(tus.join("\r\n")),
    trickle(formHead(server.port, B, 100_000), fieldPart(B, "pipeline", "copy") + file),
    trickle(formHead(server.port, B, "chunked"), "", "1\r\n-\r\n"),
  ]);
  for (const { ms, text } of answers) {
    expect(ms).toBeLessThan(10_000);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    expect(text).toContain("request_timeout");
  }
  // The data that arrived before the resumable upload stopped still counts.
  const offset = async () => {
    const head = await fetch(server.url + path, { method: "HEAD", headers: { "tus-resumable": "1.0.0" } });
    return Number(head.headers.get("upload-offset"));
  };
  await expect.poll(offset).toBeGreaterThan(0);
});

test("a slow upload that keeps its pace comes through", { timeout: 30_000 }, async () => {
  const content = "slow ".repeat(4_000);
  const body = `${fieldPart(B, "pipeline", "copy")}${filePart(B, "files", "a.txt", content)}--${B}--\r\n`;
  const socket = connect(server.port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk;
  });
  await once(socket, "connect");
  socket.write(formHead(server.port, B, Buffer.byteLength(body)));
  for (let at = 0; at < body.length; at += 600) {
    socket.write(body.slice(at, at + 600));
    await sleep(200);
  }
  await expect.poll(() => text).toMatch(/^HTTP\/1\.1 202 /);
  socket.destroy();
});

test("what a step did not foresee is the operator's to read", async () => {
  const { id } = await createJob(server.url, { pipeline: "careless" });
  const job = await ended(server.url, id);
  const shown = [
    JSON.stringify(job),
    await (await fetch(`${server.url}/v1/jobs/${id}/items`)).text(),
    await (await fetch(`${server.url}/v1/jobs/${id}/events`)).text(),
  ];
  for (const text of shown) {
    expect(text).toContain("step_failed");
    expect(text).not.toMatch(/ECONNREFUSED|db\.internal|hunter2/);
  }
  const { message } = job.items[0]!.error as { message: string };
  const reference = /the cause under (\w+), in/.exec(message)![1]!;
  const letters = await (await fetch(`${server.url}/v1/admin/dead-letters?jobId=${id}`)).text();
  expect(letters).toContain(reference);
  expect(letters).toContain("ECONNREFUSED");
  expect(letters).not.toContain("hunter2");
});

test("a fault of the database is logged, and not told", async () => {
  const broken = new Error("database disk image is malformed");
  const { store } = server.engine;
  const { jobs } = store;
  const { MillraceError } = await import("../../src/errors.ts");
  store.jobs = () => Promise.reject(new MillraceError("internal", broken.message, { cause: broken }));
  try {
    const answer = await fetch(`${server.url}/v1/jobs`);
    const problem = await problemOf(answer);
    expect(problem).toMatchObject({ status: 500, code: "internal" });
    expect(JSON.stringify(problem)).not.toContain("malformed");
    expect(
      server.log.some((line) => line.includes("malformed") && line.includes(String(problem.requestId))),
    ).toBe(true);
  } finally {
    store.jobs = jobs;
  }
});

test("an idempotency key belongs to all that was asked for", async () => {
  const later = (ms: number) => new Date(Date.now() + ms).toISOString();
  const startAt = later(3_600_000);
  const asked = { pipeline: "count", options: { to: 1 }, priority: 5, startAt, metadata: { a: "b" } };
  const ask = (body: object) => post(server.url, "/v1/jobs", body, { "idempotency-key": "whole" });
  const first = await ask(asked);
  expect(first.status).toBe(202);
  const again = await ask(asked);
  expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([202, "true"]);
  for (const other of [
    { ...asked, priority: 6 },
    { ...asked, metadata: { a: "c" } },
    { ...asked, metadata: {} },
    { ...asked, startAt: later(7_200_000) },
    { ...asked, startAt: undefined },
  ]) {
    expect(await problemOf(await ask(other))).toMatchObject({ status: 422, code: "idempotency_mismatch" });
  }
});

test("a job starts at once when its time is past, and no later than in a year", async () => {
  const asked = { pipeline: "count", options: { to: 1 } };
  const past = await createJob(server.url, { ...asked, startAt: "1999-12-31T23:59:59Z" });
  expect(past.startAt).toBeNull();
  expect((await ended(server.url, past.id)).state).toBe("succeeded");
  const far = await post(server.url, "/v1/jobs", { ...asked, startAt: "9999-12-31T23:59:59Z" });
  expect(await problemOf(far)).toMatchObject({ status: 422, code: "invalid_options" });
});

test("jobs that start later leave the queue to those that start now", async () => {
  const asked = { pipeline: "count", options: { to: 1 } };
  const startAt = new Date(Date.now() + 300 * 24 * 3_600_000).toISOString();
  const later = () => post(server.url, "/v1/jobs", { ...asked, startAt });
  // The queue holds three, and an earlier test has already deferred one.
  const statuses: number[] = [];
  for (let n = 0; n < 4; n++) statuses.push((await later()).status);
  expect(statuses.at(-1)).toBe(429);
  const inForm = form("count", [], { options: '{"to":1}', startAt });
  expect((await post(server.url, "/v1/jobs", inForm)).status).toBe(429);
  for (let n = 0; n < 3; n++) await createJob(server.url, asked);
});

test("a form reserves room as its files come, and no more", async () => {
  const { store } = server.engine;
  const { reserve } = store;
  let reserved = 0;
  store.reserve = async (command) => {
    reserved += command.tasks;
    return reserve(command);
  };
  try {
    const two = await createJob(
      server.url,
      form("copy", [
        ["a.txt", "a"],
        ["b.txt", "b"],
      ]),
    );
    expect(reserved).toBe(2);
    await ended(server.url, two.id);
  } finally {
    store.reserve = reserve;
  }
});
