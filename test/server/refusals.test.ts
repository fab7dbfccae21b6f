import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { parse } from "content-disposition";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { copy, count, createJob, ended, form, png, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { fieldPart, filePart, formHead, rawRequest } from "./raw-http.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy, count], limits: { jsonBytes: 64 * 1024, itemsBytes: 64 * 1024 } });
});
afterAll(() => server.close());
// Whatever it rejected, the server is still up, and reports no error of its own.
afterEach(async () => {
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(server.log.filter((line) => line.includes('"level":50'))).toEqual([]);
});

const B = "boundary";
const tail = `--${B}--\r\n`;

async function sendForm(body: string | Buffer, declared = Buffer.byteLength(body)) {
  const answer = await rawRequest(
    server.port,
    [formHead(server.port, B, declared, ["Connection: close"]), body],
    {
      end: declared !== Buffer.byteLength(body),
    },
  );
  return { ...answer, problem: answer.body ? (JSON.parse(answer.body) as Record<string, unknown>) : {} };
}

describe("bodies that are not well formed", () => {
  const cases: [name: string, body: object | string, status: number, code: string][] = [
    ["not JSON", "{", 400, "invalid_request"],
    ["empty", "", 400, "invalid_request"],
    ["a list", "[]", 400, "invalid_request"],
    ["no pipeline", {}, 400, "invalid_request"],
    ["an unknown member", { pipeline: "copy", colour: 1 }, 400, "invalid_request"],
    ["options of another kind", { pipeline: "copy", options: "x" }, 400, "invalid_request"],
    [
      "a priority out of range",
      { pipeline: "count", options: { to: 1 }, priority: 10 },
      400,
      "invalid_request",
    ],
    [
      "a time that is none",
      { pipeline: "count", options: { to: 1 }, startAt: "soon" },
      400,
      "invalid_request",
    ],
    ["too much metadata", { pipeline: "count", metadata: big(17) }, 400, "invalid_request"],
    ["a prototype", '{"pipeline":"count","options":{"to":1},"__proto__":{"a":1}}', 400, "invalid_request"],
    ["an unknown pipeline", { pipeline: "nope" }, 404, "not_found"],
    ["unknown files", { pipeline: "copy", files: [{ artifactId: "x" }] }, 404, "not_found"],
    ["an upload", { pipeline: "copy", files: [{ uploadId: "x" }] }, 404, "not_found"],
    ["options that the pipeline refuses", { pipeline: "count", options: { to: 0 } }, 422, "invalid_options"],
    [
      "larger than the limit",
      { pipeline: "count", metadata: { a: "x".repeat(70_000) } },
      413,
      "request_too_large",
    ],
  ];
  test.each(cases)("%s", async (_, body, status, code) => {
    const response = await fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    expect(await problemOf(response)).toMatchObject({ status, code });
  });

  test("another media type", async () => {
    for (const type of ["text/xml", "application/x-www-form-urlencoded", "nonsense"]) {
      const response = await fetch(`${server.url}/v1/jobs`, {
        method: "POST",
        headers: { "content-type": type },
        body: "x",
      });
      expect(await problemOf(response)).toMatchObject({ status: 415, code: "unsupported_media" });
    }
  });

  test.each(["/v1/jobs", "/v1/jobs/quote"])("%s without a body, or with another call's", async (path) => {
    const bare = await fetch(server.url + path, { method: "POST" });
    expect(await problemOf(bare)).toMatchObject({ status: 415, code: "unsupported_media" });
    const upload = { "content-type": "application/offset+octet-stream" };
    const chunk = await fetch(server.url + path, { method: "POST", headers: upload, body: "x" });
    expect(await problemOf(chunk)).toMatchObject({ status: 415, code: "unsupported_media" });
  });

  test("no call answers a request without a body with an error of its own", async () => {
    const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const calls = Object.entries(paths).flatMap(([path, methods]) =>
      ["post", "put", "patch"].filter((method) => method in methods).map((method) => ({ method, path })),
    );
    expect(calls.length).toBeGreaterThan(20);
    for (const { method, path } of calls) {
      const url = server.url + path.replace(/\{\w+\}/g, "none");
      const { status } = await fetch(url, { method: method.toUpperCase() });
      expect([method, path, status === 500]).toEqual([method, path, false]);
    }
  });

  test("each invalid option is named by its path", async () => {
    const body = { pipeline: "copy", options: { ms: -1, stamp: { image: 3 } } };
    const problem = await problemOf(await post(server.url, "/v1/jobs", body));
    const issues = problem.issues as { path: string }[];
    expect(issues.map((issue) => issue.path).sort()).toEqual(["ms", "stamp.image"]);
  });
});

describe("forms that are not well formed", () => {
  const pipeline = fieldPart(B, "pipeline", "copy");
  const cases: [name: string, body: string, status: number, code: string][] = [
    ["no parts", tail, 400, "invalid_request"],
    ["nothing of a form", "hello", 400, "invalid_request"],
    ["another boundary", `--other\r\n\r\nx\r\n--other--\r\n`, 400, "invalid_request"],
    ["no closing boundary", pipeline + filePart(B, "files", "a.txt", "a"), 400, "invalid_request"],
    ["a part without a header", `--${B}\r\n\r\nx\r\n${tail}`, 400, "invalid_request"],
    ["options that are not JSON", pipeline + fieldPart(B, "options", "{") + tail, 400, "invalid_request"],
    ["metadata that is a list", pipeline + fieldPart(B, "metadata", "[1]") + tail, 400, "invalid_request"],
    [
      "a priority that is no number",
      pipeline + fieldPart(B, "priority", "high") + tail,
      400,
      "invalid_request",
    ],
    ["an unknown field", pipeline + fieldPart(B, "colour", "red") + tail, 422, "unknown_part"],
    ["a field twice", pipeline + pipeline + tail, 400, "invalid_request"],
    ["a field of the prototype", pipeline + fieldPart(B, "__proto__", "x") + tail, 400, "invalid_request"],
    [
      "a file of the prototype",
      pipeline + filePart(B, "constructor", "a", "x") + tail,
      400,
      "invalid_request",
    ],
    ["a file at no option", pipeline + filePart(B, "a b/c", "a.txt", "x") + tail, 400, "invalid_request"],
    ["files that are text fields", pipeline + fieldPart(B, "files", "x") + tail, 400, "invalid_request"],
    ["an unknown pipeline", fieldPart(B, "pipeline", "nope") + tail, 404, "not_found"],
    [
      "a field beyond its limit",
      pipeline + fieldPart(B, "options", `"${"x".repeat(300_000)}"`) + tail,
      413,
      "request_too_large",
    ],
    ["too many fields", pipeline + fieldPart(B, "metadata", "{}").repeat(40) + tail, 400, "invalid_request"],
    ["too many files", pipeline + filePart(B, "files", "a.txt", "a").repeat(6) + tail, 413, "too_many_files"],
    ["too many option files", pipeline + many(9) + tail, 413, "too_many_files"],
  ];
  test.each(cases)("%s", async (_, body, status, code) => {
    const answer = await sendForm(body);
    expect([answer.status, answer.problem.code]).toEqual([status, code]);
    expect(answer.head).toMatch(/content-type: application\/problem\+json/i);
  });

  test("no boundary in the header", async () => {
    const response = await fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "multipart/form-data" },
      body: "x",
    });
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "invalid_request" });
  });

  test("a body that ends before its declared length leaves no job and no file", async () => {
    const before = await jobs();
    const body = pipeline + filePart(B, "files", "a.txt", "x".repeat(100_000));
    await sendForm(body, Buffer.byteLength(body) + 1_000_000);
    expect(await jobs()).toBe(before);
    expect(await staged()).toEqual([]);
  });

  test("a client that goes away in the middle leaves nothing", async () => {
    const before = await jobs();
    for (let n = 0; n < 10; n++) {
      const socket = connect(server.port, "127.0.0.1");
      await once(socket, "connect");
      socket.on("error", () => {});
      socket.write(
        formHead(server.port, B, 10_000_000) +
          pipeline +
          filePart(B, "files", "a.txt", "x".repeat(n * 30_000)),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
    }
    await expect.poll(staged, { timeout: 5_000 }).toEqual([]);
    expect(await jobs()).toBe(before);
    const queues = (await (await fetch(`${server.url}/v1/admin/queues`)).json()) as {
      items: { ready: number }[];
    };
    expect(queues.items.every((queue) => queue.ready === 0)).toBe(true);
  });
});

describe("files that do not fit", () => {
  test("a file beyond the limit is refused while it comes, and the rest is not read", async () => {
    const total = 2_000_000_000;
    const start = performance.now();
    const head =
      formHead(server.port, B, total) + fieldPart(B, "pipeline", "copy") + filePart(B, "files", "a.txt", "x");
    const flood = new Array<Buffer>(1_900).fill(Buffer.alloc(1024 * 1024, "x"));
    const answer = await rawRequest(server.port, [head, ...flood], { ms: 8_000 });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toMatchObject({ code: "file_too_large" });
    expect(answer.body).toMatch(/3145728/);
    expect(performance.now() - start).toBeLessThan(4_000);
    expect(await staged()).toEqual([]);
  });

  test("a client that sends all before it reads still sees the refusal", async () => {
    const body = form("copy", [["big.txt", Buffer.alloc(20_000_000, "a")]]);
    expect(await problemOf(await post(server.url, "/v1/jobs", body))).toMatchObject({
      code: "file_too_large",
    });
  });

  test("content of another kind, whatever its name says", async () => {
    for (const content of [
      Buffer.from("%PDF-1.7\n"),
      Buffer.from("PK\u0003\u0004zip"),
      Buffer.from([0, 1, 2, 255]),
    ]) {
      const response = await post(server.url, "/v1/jobs", form("copy", [["picture.png", content]]));
      const problem = await problemOf(response);
      expect(problem).toMatchObject({ status: 415, code: "unsupported_media" });
      expect(problem.detail).toMatch(/picture\.png/);
    }
  });

  test("the same, when the pipeline is named after the files", async () => {
    for (const [content, code] of [
      ["%PDF-1.7\n", "unsupported_media"],
      ["x".repeat(4_000_000), "file_too_large"],
    ] as const) {
      const data = new FormData();
      data.append("files", new Blob([content]), "late.txt");
      data.set("pipeline", "copy");
      expect((await problemOf(await post(server.url, "/v1/jobs", data))).code).toBe(code);
    }
  });
});

test("any name of a file is made safe, and the file comes through", async () => {
  const names = [
    "../../etc/passwd",
    "..\\..\\windows\\system32",
    "a\u0000b.txt",
    "\u{1F600}".repeat(1_024),
    "\u202Egpj.exe",
    "CON.txt",
    "\ud800lone.txt",
    "",
  ];
  for (const name of names) {
    const job = await createJob(server.url, form("copy", [[name, "x"]]));
    const done = await ended(server.url, job.id);
    expect(done.state).toBe("succeeded");
    const file = await fetch(`${server.url}/v1/artifacts/${done.items[0]!.outputs[0]!.artifactId}?download`);
    expect(file.status).toBe(200);
    const disposition = file.headers.get("content-disposition")!;
    const { type, parameters } = parse(disposition);
    expect(type).toBe("attachment");
    expect(parameters.filename).toMatch(/^[^"\\/]+$/);
    expect(disposition).toMatch(/^[\x20-\x7e]+$/);
  }
  expect(await readdir(join(server.data, ".."))).not.toContain("etc");
});

test("headers beyond their limit", async () => {
  const flood = `X-Flood: ${"x".repeat(20_000)}\r\n`;
  const answer = await rawRequest(server.port, [`GET /healthz HTTP/1.1\r\nHost: localhost\r\n${flood}\r\n`]);
  expect(answer.status).toBe(431);
  expect(JSON.parse(answer.body)).toMatchObject({ code: "headers_too_large", status: 431 });
});

test("headers that do not come", async () => {
  const patient = await start({ worker: false, limits: { headersMs: 300 } });
  const answer = await rawRequest(patient.port, ["GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "], {
    ms: 5_000,
  });
  expect(answer.status).toBe(408);
  expect(JSON.parse(answer.body)).toMatchObject({ code: "request_timeout" });
  await patient.close();
});

test("what is not HTTP", async () => {
  const answer = await rawRequest(server.port, ["\u0016\u0003\u0001 not http\r\n\r\n"]);
  expect(answer.status).toBe(400);
  expect(JSON.parse(answer.body)).toMatchObject({ code: "invalid_request" });
});

test("addresses, methods and parameters that there are not", async () => {
  const of = async (method: string, path: string) => problemOf(await fetch(server.url + path, { method }));
  expect(await of("GET", "/v1/nope")).toMatchObject({ status: 404, code: "not_found" });
  expect(await of("GET", "/v1/jobs/%00")).toMatchObject({ status: 404, code: "not_found" });
  expect(await of("GET", `/v1/jobs/${"x".repeat(5_000)}`)).toMatchObject({ status: 404, code: "not_found" });
  expect(await of("GET", "/v1/jobs/%zz")).toMatchObject({ status: 400, code: "invalid_request" });
  expect(await of("PUT", "/v1/jobs")).toMatchObject({ status: 405, code: "method_not_allowed" });
  expect(await of("GET", "/v1/jobs?limit=1000")).toMatchObject({ status: 400, code: "invalid_request" });
  expect(await of("GET", "/v1/jobs?state=lost")).toMatchObject({ status: 400, code: "invalid_request" });
  expect(await of("GET", "/v1/jobs/x/items?cursor=-1")).toMatchObject({
    status: 400,
    code: "invalid_request",
  });
  const allow = await fetch(`${server.url}/v1/jobs/x/cancel`);
  expect([allow.status, allow.headers.get("allow")]).toEqual([405, "POST"]);
});

test("another's jobs, items, events and files are not found", async () => {
  const { job } = await server.engine.createJob({
    owner: "somebody-else",
    pipeline: "count",
    options: { to: 1 },
    files: [],
  });
  const stranger = `/v1/jobs/${job.id}`;
  const calls: [string, string][] = [
    ["GET", stranger],
    ["GET", `${stranger}?wait=1`],
    ["GET", `${stranger}/items`],
    ["GET", `${stranger}/events`],
    ["GET", `${stranger}/archive`],
    ["POST", `${stranger}/cancel`],
    ["POST", `${stranger}/retry`],
    ["DELETE", stranger],
    ["GET", `/v1/artifacts/${job.id}.0.in`],
  ];
  for (const [method, path] of calls) {
    const theirs = await problemOf(await fetch(server.url + path, { method }));
    const nobodys = await problemOf(
      await fetch(server.url + path.replace(job.id, "01890000-0000-7000-8000-000000000000"), { method }),
    );
    expect({ ...theirs, requestId: "" }).toEqual({ ...nobodys, requestId: "" });
    expect(theirs.status).toBe(404);
  }
  const list = (await (await fetch(`${server.url}/v1/jobs`)).json()) as { items: { id: string }[] };
  expect(list.items.map((one) => one.id)).not.toContain(job.id);
});

test("a picture in the wrong place is no harm", async () => {
  const job = await createJob(server.url, form("copy", [["not-text.txt", png]]));
  expect((await ended(server.url, job.id)).state).toBe("succeeded");
});

async function jobs(): Promise<number> {
  const page = (await (await fetch(`${server.url}/v1/jobs?limit=100`)).json()) as { items: unknown[] };
  return page.items.length;
}

/** Files in the data folder that are neither blobs nor records. */
async function staged(): Promise<string[]> {
  const all = await readdir(server.data, { recursive: true });
  return all.filter(
    (path) => /tmp|staging|incoming/.test(path) && /\.|[0-9a-f]{8}/.test(path.split("/").at(-1)!),
  );
}

function big(entries: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: entries }, (_, n) => [`key${n}`, "v"]));
}

function many(files: number): string {
  return Array.from({ length: files }, (_, n) => filePart(B, `extras.image${n}`, "a.txt", "x")).join("");
}
