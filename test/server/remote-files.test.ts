import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { copy, createJob, ended, form, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";

const upper = definePipeline({
  name: "upper",
  version: 1,
  title: "Upper case",
  accepts: { mediaTypes: ["text/plain"], maxFiles: 3 },
}).each("upper", async (ctx) => {
  const text = (await ctx.read(ctx.file)).toString().toUpperCase();
  await ctx.write({ extension: "txt", suffix: "-upper", data: Buffer.from(text), mediaType: "text/plain" });
});

const names = definePipeline({
  name: "names",
  version: 1,
  title: "Names",
  accepts: { mediaTypes: ["text/plain"], maxFiles: 3 },
}).all("names", async (ctx) => (await Array.fromAsync(ctx.items)).map((item) => item.file!.name).sort());

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
const handlers = new Map<string, Handler>();
let web: Server;
let origin = "";
let server: Running;

beforeAll(async () => {
  web = createServer((request, response) => {
    const handler = handlers.get(request.url!);
    if (handler) handler(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  server = await start({ pipelines: [copy, upper, names], outgoingAllow: ["127.0.0.1"] });
});
afterAll(async () => {
  await server.close();
  web.closeAllConnections();
  web.close();
});

function serve(path: string, handler: Handler | string): { url: string } {
  handlers.set(path, typeof handler === "string" ? (_, response) => response.end(handler) : handler);
  return { url: origin + path };
}

async function run(pipeline: string, files: object[], fields: object = {}) {
  return ended(server.url, (await createJob(server.url, { pipeline, files, ...fields })).id);
}

describe("a file by URL", () => {
  test("is fetched, and becomes the item's file", async () => {
    const file = serve("/some%20notes.txt?token=1", "hello");
    const created = await createJob(server.url, { pipeline: "upper", files: [file] });
    expect(created.items[0]).toMatchObject({ name: "some notes.txt", url: file.url, input: null });
    const done = await ended(server.url, created.id);
    const sha256 = createHash("sha256").update("hello").digest("hex");
    expect(done).toMatchObject({
      state: "succeeded",
      items: [
        {
          name: "some notes.txt",
          input: { name: "some notes.txt", bytes: 5, sha256, mediaType: "text/plain" },
          outputs: [{ name: "some notes-upper.txt" }],
        },
      ],
    });
  });

  test("is called what its server says", async () => {
    const file = serve("/download", (_, response) => {
      response.setHeader("content-disposition", "attachment; filename*=UTF-8''%ED%95%9C%EA%B8%80.txt");
      response.end("hello");
    });
    expect((await run("copy", [file])).items[0]!.name).toBe("한글.txt");
  });

  test("mixes with uploads, in a JSON body and in a form", async () => {
    const remote = serve("/remote.txt", "remote");
    const data = form("names", [["sent.txt", "sent"]]);
    data.append("files", JSON.stringify([remote]));
    expect(await ended(server.url, (await createJob(server.url, data)).id)).toMatchObject({
      state: "succeeded",
      result: ["remote.txt", "sent.txt"],
      progress: { total: 2, done: 2, cached: 0, fraction: 1 },
    });
    const earlier = await run("copy", [remote]);
    const { artifactId } = earlier.items[0]!.outputs[0]!;
    expect(await run("names", [{ artifactId }, remote])).toMatchObject({
      result: ["remote.txt", "remote.txt"],
    });
  });

  test("takes the rest from the cache when its content is known", async () => {
    const file = serve("/cached.txt", "the same content");
    expect((await run("upper", [file])).items[0]).toMatchObject({ cached: false });
    expect(await run("upper", [file])).toMatchObject({
      progress: { done: 1, cached: 1 },
      items: [{ cached: true, outputs: [{ name: "cached-upper.txt" }] }],
    });
  });

  test("tells how far it is", async () => {
    const file = serve("/slow.txt", (_, response) => {
      response.writeHead(200, { "content-length": 200_000 });
      response.write("x".repeat(100_000));
      setTimeout(() => response.end("x".repeat(100_000)), 700);
    });
    const { id } = await createJob(server.url, { pipeline: "copy", files: [file] });
    const stream = await listen(server.url, `/v1/jobs/${id}/events`);
    await stream.ended;
    const seen = stream.events.filter(({ event }) => event === "item.progress").map(({ data }) => data);
    const told = seen.find(({ step }) => step === "fetch-url");
    expect(told!.message).toMatch(/of 200000 bytes/);
    expect(told!.fraction).toBeGreaterThan(0);
  });
});

describe("a file that cannot be used", () => {
  test("has the error of an upload: its kind", async () => {
    const done = await run("copy", [serve("/page.txt", "%PDF-1.7\n"), serve("/good.txt", "good")]);
    expect(done).toMatchObject({
      state: "partial",
      items: [
        {
          state: "failed",
          attempt: 1,
          error: { code: "unsupported_media", message: expect.stringContaining("application/pdf") },
        },
        { state: "succeeded" },
      ],
    });
  });

  test("has the error of an upload: its size, announced or not", async () => {
    const big = Buffer.alloc(3 * 1024 * 1024 + 1, "x");
    const announced = serve("/big.txt", (_, response) =>
      response.writeHead(200, { "content-length": big.length }).end(big),
    );
    const streamed = serve("/streamed.txt", (_, response) => {
      response.write(big);
      response.end();
    });
    const { items } = await run("copy", [announced, streamed]);
    for (const item of items) {
      expect(item).toMatchObject({ state: "failed", attempt: 1, error: { code: "file_too_large" } });
    }
  });

  test.each([404, 403, 410, 302, 204])("is not asked for again after %d", async (status) => {
    let requests = 0;
    const file = serve(`/final-${status}`, (_, response) => {
      requests++;
      response.writeHead(status).end();
    });
    expect((await run("copy", [file])).items[0]).toMatchObject({
      state: "failed",
      attempt: 1,
      error: { code: "fetch_failed", message: expect.stringContaining(String(status)) },
    });
    expect(requests).toBe(1);
  });

  test("is asked for again after 503 and 429, no sooner than its server asked", async () => {
    const times: number[] = [];
    const file = serve("/busy.txt", (_, response) => {
      times.push(performance.now());
      if (times.length === 1) response.writeHead(503).end();
      else if (times.length === 2) response.writeHead(429, { "retry-after": "4" }).end();
      else response.end("at last");
    });
    const { id } = await createJob(server.url, { pipeline: "copy", files: [file] });
    await ended(server.url, id);
    const done = await ended(server.url, id);
    expect(done).toMatchObject({ state: "succeeded", items: [{ name: "busy.txt" }] });
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(4_000);
  });

  test("may be retried by its owner", async () => {
    let isThere = false;
    const file = serve("/later.txt", (_, response) => {
      if (isThere) response.end("here");
      else response.writeHead(404).end();
    });
    const { id } = await run("copy", [file]);
    isThere = true;
    expect((await post(server.url, `/v1/jobs/${id}/retry`, {})).status).toBe(202);
    expect(await ended(server.url, id)).toMatchObject({ state: "succeeded", run: 2 });
  });
});

describe("an address that may not be used", () => {
  test.each([
    "http://169.254.169.254/",
    "http://[::1]/",
    "http://10.0.0.1/",
    "ftp://127.0.0.1/",
    "not a URL",
  ])("%s refuses the request", async (url) => {
    const response = await post(server.url, "/v1/jobs", { pipeline: "copy", files: [{ url }] });
    expect(await problemOf(response)).toMatchObject({ status: 422, code: "address_refused" });
  });

  test("is the item's error with onInvalidFile: skip, and when a redirect leads there", async () => {
    const away = serve("/away", (_, response) =>
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end(),
    );
    const good = serve("/good.txt", "good");
    const files = [{ url: "http://127.0.0.2/" }, away, good];
    const { items } = await run("copy", files, { onInvalidFile: "skip" });
    expect(items).toMatchObject([
      { state: "failed", attempt: 0, error: { code: "address_refused" } },
      { state: "failed", attempt: 1, error: { code: "address_refused" } },
      { state: "succeeded" },
    ]);
  });
});

test("cancelling a job ends its downloads", async () => {
  const closed = Promise.withResolvers<void>();
  const open = Promise.withResolvers<void>();
  const file = serve("/endless.txt", (_, response) => {
    response.write("some");
    response.on("close", closed.resolve);
    open.resolve();
  });
  const { id } = await createJob(server.url, { pipeline: "copy", files: [file] });
  await open.promise;
  await post(server.url, `/v1/jobs/${id}/cancel`, {});
  await closed.promise;
  expect(await ended(server.url, id)).toMatchObject({ state: "cancelled" });
});

test("another URL is another request under the same idempotency key", async () => {
  const ask = (file: object) =>
    post(server.url, "/v1/jobs", { pipeline: "copy", files: [file] }, { "idempotency-key": "remote-1" });
  const first = (await (await ask(serve("/key.txt", "a"))).json()) as { id: string };
  expect(await (await ask(serve("/key.txt", "a"))).json()).toMatchObject({ id: first.id });
  expect(await problemOf(await ask(serve("/key.txt?other", "a")))).toMatchObject({
    code: "idempotency_mismatch",
  });
});

test("a part named files that is neither a file nor JSON is refused", async () => {
  const data = form("copy", []);
  data.append("files", "hello");
  expect(await problemOf(await post(server.url, "/v1/jobs", data))).toMatchObject({
    code: "invalid_request",
  });
  const wrong = form("copy", []);
  wrong.append("files", '[{"href": "http://127.0.0.1/"}]');
  expect(await problemOf(await post(server.url, "/v1/jobs", wrong))).toMatchObject({
    code: "invalid_request",
  });
});
