import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createClient, Problem } from "../../src/client/index.ts";
import { openTcpProxy, type TcpProxy } from "../../src/testing/tcp-proxy.ts";
import { copy, count } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
let proxy: TcpProxy;
beforeAll(async () => {
  server = await start({ pipelines: [copy, count] });
  proxy = await openTcpProxy({ host: "127.0.0.1", port: server.port });
});
afterEach(() => proxy.cut());
afterAll(async () => {
  await proxy.close();
  await server.close();
});

type Pipelines = { copy: typeof copy; count: typeof count };
const client = (settings = {}) => createClient<Pipelines>({ url: server.url, ...settings });
const text = (name: string, content: string) => new File([content], name);

/** Unique text in each test. */
const large = (bytes: number) => randomBytes(bytes / 2).toString("hex");

test("a job is sent, awaited and fetched, with the types of its pipeline", async () => {
  const job = await client().run(copy, { files: [text("글.txt", "hello"), { name: "b.txt", data: "b" }] });
  expect(job).toMatchObject({ state: "succeeded", items: [{ name: "글.txt" }, { name: "b.txt" }] });
  expect(job.items[0]!.result!.bytes).toBe(5);
  const response = await client().artifact(job.items[0]!.outputs[0]!.artifactId, { range: "bytes=1-2" });
  expect(await response.text()).toBe("el");
  expect((await client().archive(job.id)).headers.get("content-type")).toBe("application/zip");
});

test("files of options are sent beside them, in both ways", async () => {
  const options = { stamp: { image: text("stamp.txt", "!") } };
  for (const resumableFrom of [1_000, 0]) {
    const job = await client({ resumableFrom }).run("copy", { options, files: [text("a.txt", "hello")] });
    const { artifactId } = job.items[0]!.outputs[0]!;
    expect(await (await client().artifact(artifactId)).text()).toBe("hello!");
  }
});

test("a file of an earlier job goes along with new ones", async () => {
  const before = await client().run("copy", { files: [text("a.txt", "hello")] });
  const { artifactId } = before.items[0]!.outputs[0]!;
  const job = await client().run("copy", { files: [text("new.txt", "new"), { artifactId }] });
  expect(job.items.map(({ name }) => name)).toEqual(["new.txt", "a.txt"]);
});

test("a large file goes on where it was, however often the line is cut", async () => {
  const content = large(2_000_000);
  const marks: number[] = [];
  const job = client({ url: `http://127.0.0.1:${proxy.port}`, resumableFrom: 1_000 });
  const cuts = setInterval(() => proxy.cut(), 15);
  setTimeout(() => clearInterval(cuts), 600);
  const onProgress = (sent: number) => marks.push(sent);
  const ended = await job.run("copy", { files: [text("large.txt", content)] }, { onProgress });
  const response = await client().artifact(ended.items[0]!.outputs[0]!.artifactId);
  expect(await response.text()).toBe(content);
  expect(marks.at(-1)).toBe(content.length);
});

test("a job whose answer is lost is not made twice", async () => {
  let lost = 0;
  /** Loses the first response after the server has sent it. */
  const lossy: typeof fetch = async (...args) => {
    const response = await fetch(...args);
    if (lost++ > 0) return response;
    await response.text();
    throw new TypeError("fetch failed");
  };
  const before = (await client().jobs()).items.length;
  await client({ fetch: lossy }).submit("count", { options: { to: 1 } });
  expect((await client().jobs()).items.length).toBe(before + 1);
  expect(lost).toBe(2);
});

test("the same key makes no second job, and another request with it is refused", async () => {
  const options = { idempotencyKey: `key-${randomBytes(4).toString("hex")}` };
  const first = await client().submit("count", { options: { to: 1 } }, options);
  expect((await client().submit("count", { options: { to: 1 } }, options)).id).toBe(first.id);
  const other = client().submit("count", { options: { to: 2 } }, options);
  await expect(other).rejects.toMatchObject({ code: "idempotency_mismatch", status: 422 });
});

describe("events", () => {
  test("of a job survive a line that is cut again and again", async () => {
    const files = Array.from({ length: 5 }, (_, n) => text(`${n}.txt`, `cut ${n}`));
    const far = client({ url: `http://127.0.0.1:${proxy.port}` });
    const job = await far.submit("copy", { options: { ms: 300 }, files });
    const cuts = setInterval(() => proxy.cut(), 120);
    const heard: string[] = [];
    for await (const { type, id } of far.events(job.id)) if (id !== null) heard.push(type);
    clearInterval(cuts);
    expect(heard[0]).toBe("job.created");
    expect(heard.at(-1)).toBe("job.succeeded");
    expect(heard.filter((type) => type === "item.succeeded")).toHaveLength(5);
    expect(heard.filter((type) => type === "job.created")).toHaveLength(1);
  });

  test("go on after an id that was kept", async () => {
    const job = await client().run("count", { options: { to: 3 } });
    const all = await Array.fromAsync(client().events(job.id));
    const rest = await Array.fromAsync(client().events(job.id, { after: all[0]!.id }));
    expect(rest).toEqual(all.slice(1));
  });

  test("of all jobs come until the signal is aborted", async () => {
    const stop = new AbortController();
    const types: string[] = [];
    const onOpen = () => void client().submit("count", { options: { to: 4 } });
    for await (const { type } of client().events(null, { signal: stop.signal, onOpen })) {
      types.push(type);
      if (type === "job.succeeded") stop.abort();
    }
    expect(types).toContain("job.created");
  });

  test("of a job that is not there are refused at once", async () => {
    const events = client().events("nothing");
    await expect(events.next()).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("problems", () => {
  test("have the server's code, and name the options that are wrong", async () => {
    const refused = client().submit("count", { options: { to: 0 } });
    await expect(refused).rejects.toBeInstanceOf(Problem);
    await expect(refused).rejects.toMatchObject({ code: "invalid_options", issues: [{ path: "to" }] });
    await expect(client().job("nothing")).rejects.toMatchObject({ code: "not_found", status: 404 });
    await expect(client().pipeline("nothing")).rejects.toThrow('There is no pipeline "nothing".');
  });

  test("where nothing answers, patience ends", async () => {
    const nowhere = client({ url: "http://127.0.0.1:9", retries: 1 });
    await expect(nowhere.jobs()).rejects.toMatchObject({ code: "network", status: 0 });
  });

  test("an aborted call rejects with the reason", async () => {
    const signal = AbortSignal.timeout(50);
    const job = await client().submit("copy", { options: { ms: 500 }, files: [text("slow.txt", "slow")] });
    await expect(client().wait(job, { signal })).rejects.toMatchObject({ name: "TimeoutError" });
    await client().cancel(job.id);
  });

  test("a server that is away for a moment costs time and nothing else", async () => {
    const far = client({ url: `http://127.0.0.1:${proxy.port}` });
    await proxy.outage.begin();
    const asked = far.run("count", { options: { to: 5 } });
    await sleep(400);
    await proxy.outage.end();
    expect((await asked).state).toBe("succeeded");
  });
});

test("jobs are cancelled, retried, listed page by page and removed", async () => {
  const own = client();
  const failed = await own.run("copy", { options: { fail: "bad" }, files: [text("bad.txt", "bad")] });
  expect(failed).toMatchObject({ state: "failed", items: [{ error: { code: "undecodable_file" } }] });
  const letters = await own.admin.deadLetters({ jobId: failed.id });
  expect(letters.items).toMatchObject([{ jobId: failed.id, pipeline: "copy" }]);
  expect((await own.retry(failed.id)).run).toBe(2);
  await own.wait(failed.id);
  const page = await own.jobs({ pipeline: "copy", limit: 1 });
  expect(page).toMatchObject({ items: [{ pipeline: "copy" }], nextCursor: expect.any(String) });
  await own.remove(failed.id);
  await expect(own.job(failed.id)).rejects.toMatchObject({ code: "not_found" });
});

test("a quote, the pipelines, the queues and the workers are read", async () => {
  const own = client();
  expect(await own.quote("count", { options: { to: 6 } })).toMatchObject({ items: 1, cached: false });
  expect((await own.pipelines()).map(({ name }) => name)).toContain("copy");
  const [queue] = await own.admin.queues();
  expect((await own.admin.pauseQueue(queue!.name)).paused).toBe(true);
  expect((await own.admin.resumeQueue(queue!.name)).paused).toBe(false);
  expect(await own.admin.workers()).toMatchObject([{ pid: process.pid }]);
});

test("headers of the caller go along, asked for anew each time", async () => {
  const sent: (string | null)[] = [];
  let asked = 0;
  const spy: typeof fetch = (input, init) => {
    sent.push(new Headers(init?.headers).get("authorization"));
    return fetch(input, init);
  };
  const own = client({ fetch: spy, headers: async () => ({ authorization: `Bearer ${++asked}` }) });
  await own.jobs();
  await own.pipelines();
  expect(sent).toEqual(["Bearer 1", "Bearer 2"]);
});

test("schedules are created, previewed, changed, run and removed", async () => {
  const { schedules, admin, wait } = client();
  const made = await schedules.create("count", { everySeconds: 3_600, options: { to: 7 }, overlap: "queue" });
  expect(made).toMatchObject({ pipeline: "count", everySeconds: 3_600, overlap: "queue" });
  expect(made.next).toHaveLength(5);
  const timing = { cron: "0 2 * * *", timeZone: "Asia/Seoul" };
  const next = await schedules.preview(timing);
  expect(await schedules.change(made.id, { ...timing, name: "nightly" })).toMatchObject({
    ...timing,
    name: "nightly",
    everySeconds: null,
    next,
  });
  expect(await schedules.pause(made.id)).toMatchObject({ paused: true, next: [] });
  expect(await admin.schedules.resume(made.id)).toMatchObject({ paused: false });
  const { jobId } = await schedules.run(made.id);
  expect(await wait(jobId)).toMatchObject({ state: "succeeded", pipeline: "count" });
  expect(await schedules.get(made.id)).toMatchObject({ lastJobId: jobId });
  expect((await schedules.list({ limit: 1 })).items.map(({ id }) => id)).toEqual([made.id]);
  await schedules.remove(made.id);
  await expect(admin.schedules.get(made.id)).rejects.toMatchObject({ code: "not_found" });
  await expect(schedules.create("count", { everySeconds: 0 })).rejects.toMatchObject({
    code: "invalid_schedule",
  });
});

test("it says what of the service is usable, also where not all of it is", async () => {
  const { admin } = client();
  expect(await admin.readiness()).toMatchObject({ ready: true, checks: { store: { ok: true } } });
  const body = JSON.stringify({ ready: false, checks: {}, unserved: [] });
  const down = client({ fetch: async () => new Response(body, { status: 503 }) });
  expect(await down.admin.readiness()).toEqual(JSON.parse(body));
  expect((await admin.scale()).queues.map(({ name }) => name)).toContain("copy/copy");
});

/** Operations without a dedicated client method. */
const others = [
  "GET /healthz",
  "GET /metrics",
  "POST /v1/object-events",
  "GET /samples/index.json",
  "GET /v1/shared/{token}",
  "GET /p/{name}",
];

/** Accounts and catalogs are accessed with `client.request`. */
const byRequest =
  /^\w+ \/v1\/(auth|me|sessions|keys|catalogs|invites|admin\/(users|invites|audit|revocations))\b/;

test("every call that the server documents of jobs, schedules and operations is one of the client's", async () => {
  const { paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    paths: Record<string, object>;
  };
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const asked: string[] = [];
  const answer = { items: [], nextCursor: null, finishedAt: "now", next: [] };
  const spy: typeof fetch = async (input, { method = "GET", ...init } = {}) => {
    asked.push(`${method} ${new URL(String(input)).pathname}`);
    if (new Headers(init.headers).get("accept") === "text/event-stream")
      return new Response(null, { status: 204 });
    const headers = { location: "/v1/uploads/x", "upload-offset": "0" };
    return new Response(method === "HEAD" ? null : JSON.stringify(answer), { headers });
  };
  const own = client({ fetch: spy, retries: 0 });
  await tryAll(own);
  await own.events(null).next();
  await own.admin.live().next();
  // Resuming an upload first asks for its offset.
  await own.upload(new Blob(["abc"]), { uploadId: "x" }).catch(() => {});
  const covered = (call: string) => {
    const pattern = new RegExp(`^${call.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    return asked.some((one) => pattern.test(one));
  };
  expect(
    documented.filter((call) => !covered(call) && !others.includes(call) && !byRequest.test(call)),
  ).toEqual([]);
});

/** Calls everything once, with arguments that pass for an id, an index, or a body. */
async function tryAll(calls: object): Promise<void> {
  for (const [name, call] of Object.entries(calls)) {
    if (typeof call === "object") await tryAll(call);
    if (typeof call !== "function" || name === "request") continue;
    const given = name === "upload" ? [new Blob(["abc"])] : ["x", ...(name === "parts" ? [0] : [])];
    const made = call(...given);
    if (name === "events") await made.next().catch(() => {});
    else await Promise.resolve(made).catch(() => {});
  }
}
