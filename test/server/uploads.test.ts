import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { openS3Blobs } from "../../src/adapters/aws/blobs.ts";
import { parseS3Url } from "../../src/adapters/aws/s3-location.ts";
import { openFileBlobs } from "../../src/adapters/files/blobs.ts";
import { resolveConfig } from "../../src/compose/config.ts";
import { startEmbedded } from "../../src/compose/embedded.ts";
import { createLogger } from "../../src/compose/logger.ts";
import { openEngine } from "../../src/compose/open-engine.ts";
import { uploadRecords } from "../../src/database/uploads.ts";
import { createEngine } from "../../src/engine/create-engine.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createHttpServer } from "../../src/http/http-server.ts";
import { defaultHttpLimits } from "../../src/http/limits.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import type { BlobStore } from "../../src/ports/blobs.ts";
import type { ServerContext } from "../../src/server/context.ts";
import { createMetrics } from "../../src/server/metrics/metrics.ts";
import { uploadRoutes } from "../../src/server/uploads/routes.ts";
import { isUpload } from "../../src/server/uploads/tus-headers.ts";
import { refusal } from "../../src/testing/refusal.ts";
import { addressOf, withService } from "../../src/testing/services.ts";

const MAX_BYTES = 300 * 1024 * 1024;
const big = definePipeline({
  name: "big",
  version: 1,
  title: "Big",
  accepts: { mediaTypes: ["*"], maxFileBytes: MAX_BYTES },
}).each("nothing", () => null);

const data = await mkdtemp(join(tmpdir(), "millrace-uploads-"));
const { config } = await resolveConfig({ data, logLevel: "silent" }, {}, data);
const writer = (await startEmbedded(config))!;
const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await writer.close();
  await rm(data, { recursive: true, force: true });
});

/** One of several API processes that share records and blobs, limited to uploads. */
async function startApi(blobs?: BlobStore): Promise<{ url: string; engine: Engine }> {
  const { engine: opened, close } = await openEngine({ config, writer: writer.socketPath }, [big]);
  const engine = blobs ? createEngine({ ...opened, blobs, cdnUrl: "https://cdn.example" }) : opened;
  const metrics = await createMetrics(engine, { count: () => 0, unread: () => 0 });
  const http = createHttpServer({
    limits: defaultHttpLimits,
    logger: createLogger("silent", "api").logger,
    publicUrl: null,
    isUpload,
    identify: ({ headers }) => ({ owner: String(headers["x-owner"] ?? "me") }),
  });
  uploadRoutes(http.app, { engine, metrics } as ServerContext);
  const { url } = await http.listen({ host: "127.0.0.1", port: 0 });
  closing.push(
    close,
    () => metrics.close(),
    () => http.close(),
  );
  return { url, engine };
}

const [one, other] = [await startApi(), await startApi()];
const tus = { "tus-resumable": "1.0.0" };
const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");

async function create(length: number, name = "a.bin", headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${one.url}/v1/uploads`, {
    method: "POST",
    headers: {
      ...tus,
      "upload-length": String(length),
      "upload-metadata": `filename ${base64(name)}`,
      ...headers,
    },
  });
  expect(answer.status).toBe(201);
  expect(Date.parse(answer.headers.get("upload-expires")!)).toBeGreaterThan(Date.now());
  return answer.headers.get("location")!;
}

function patch(
  api: { url: string },
  path: string,
  offset: number,
  body: Buffer,
  headers: Record<string, string> = {},
) {
  return fetch(api.url + path, {
    method: "PATCH",
    headers: {
      ...tus,
      "upload-offset": String(offset),
      "content-type": "application/offset+octet-stream",
      ...headers,
    },
    body: new Uint8Array(body),
  });
}

async function offsetOf(api: { url: string }, path: string): Promise<number> {
  const answer = await fetch(api.url + path, { method: "HEAD", headers: tus });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  return Number(answer.headers.get("upload-offset"));
}

/** Sends a body, and cuts the connection after about `after` bytes. */
async function patchCut(api: { url: string }, path: string, offset: number, body: Buffer, after: number) {
  const outgoing = request(api.url + path, {
    method: "PATCH",
    headers: {
      ...tus,
      "upload-offset": offset,
      "content-type": "application/offset+octet-stream",
      "content-length": body.length,
    },
  });
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      isOver = true;
      resolve();
    };
    outgoing.once("error", end);
    outgoing.once("response", (answer: IncomingMessage) => {
      answer.resume();
      end();
    });
  });
  // A request that is over drains no more: each further wait would leave a listener behind.
  for (let at = 0; at < after && !isOver; at += 65_536) {
    if (!outgoing.write(body.subarray(at, Math.min(after, at + 65_536)))) {
      await Promise.race([new Promise((resolve) => outgoing.once("drain", resolve)), ended]);
    }
  }
  await sleep(20);
  outgoing.destroy();
  await ended;
}

const problem = async (answer: Response) => ((await answer.json()) as { code: string }).code;
const idOf = (path: string) => path.split("/").at(-1)!;

test("a file that comes uncut becomes a file of a job without a copy", async () => {
  const content = Buffer.concat([
    Buffer.from("\u0089PNG\r\n\u001a\n\0\0\0\rIHDR", "latin1"),
    randomBytes(2_000_000),
  ]);
  const path = await create(content.length, "../사진.png");
  await refusal(one.engine.uploads.file("me", idOf(path)), "upload_incomplete");
  const answer = await patch(one, path, 0, content);
  expect(answer.status).toBe(204);
  expect(answer.headers.get("upload-offset")).toBe(String(content.length));
  const file = await other.engine.uploads.file("me", idOf(path));
  expect(file).toMatchObject({
    name: "사진.png",
    mediaType: "image/png",
    bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  });
  expect((await one.engine.blobs.read(file.blob)).equals(content)).toBe(true);
  const upload = await one.engine.uploads.get("me", idOf(path));
  expect(upload.parts.map(({ blob }) => blob)).toEqual([file.blob]);
  const created = await one.engine.createJob({ owner: "me", pipeline: "big", options: {}, files: [file] });
  expect(created.created).toBe(true);
});

test("random cuts, between two processes, end byte-identical", async () => {
  for (let round = 0; round < 4; round++) {
    const content = randomBytes(3_000_000 + Math.floor(Math.random() * 3_000_000));
    const path = await create(content.length);
    let cuts = 0;
    for (;;) {
      const api = Math.random() < 0.5 ? one : other;
      const offset = await offsetOf(api, path);
      if (offset === content.length) break;
      const rest = content.subarray(offset);
      if (cuts++ < 12) await patchCut(api, path, offset, rest, Math.floor(Math.random() * rest.length));
      else expect([204, 409]).toContain((await patch(api, path, offset, rest)).status);
    }
    const file = await one.engine.uploads.file("me", idOf(path));
    expect(file.sha256).toBe(createHash("sha256").update(content).digest("hex"));
    expect((await other.engine.blobs.read(file.blob)).equals(content)).toBe(true);
  }
}, 60_000);

test("what came before a cut counts", async () => {
  const content = randomBytes(4_000_000);
  const path = await create(content.length);
  await patchCut(one, path, 0, content, 2_000_000);
  await expect.poll(() => offsetOf(other, path)).toBeGreaterThan(1_000_000);
});

test("what a slow client has sent survives the death of the server that takes it", async () => {
  const content = randomBytes(6_000_000);
  const path = await create(content.length);
  const outgoing = request(one.url + path, {
    method: "PATCH",
    headers: {
      ...tus,
      "upload-offset": 0,
      "content-type": "application/offset+octet-stream",
      "content-length": content.length,
    },
  });
  outgoing.on("error", () => {});
  outgoing.write(content.subarray(0, 4_000_000));
  // The request is still open: the other process only knows from the records what is safe.
  await expect.poll(() => offsetOf(other, path), { timeout: 60_000 }).toBe(4_000_000);
  outgoing.destroy();
  expect((await patch(other, path, 4_000_000, content.subarray(4_000_000))).status).toBe(204);
  const file = await other.engine.uploads.file("me", idOf(path));
  expect((await other.engine.blobs.read(file.blob)).equals(content)).toBe(true);
}, 20_000);

test("what is refused is collected at once, and takes nothing of others with it", async () => {
  const { store, blobs } = one.engine;
  const keysNow = async () => {
    const keys: string[] = [];
    for await (const page of blobs.list(Date.now() + 60_000)) keys.push(...page);
    return new Set(keys);
  };
  const shared = randomBytes(2_000);
  const kept = await create(shared.length);
  expect((await patch(one, kept, 0, shared)).status).toBe(204);
  const before = await keysNow();
  const wrong = { "upload-checksum": `sha1 ${base64(createHash("sha1").update("other").digest())}` };
  const path = await create(2_000);
  expect((await patch(one, path, 0, randomBytes(1_000), wrong)).status).toBe(460);
  expect((await patch(one, path, 0, shared, wrong)).status).toBe(460);
  const short = await create(1_000);
  const more = new Blob([randomBytes(3_000)]).stream();
  const long = await fetch(one.url + short, {
    method: "PATCH",
    headers: { ...tus, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
    body: more,
    duplex: "half",
  } as RequestInit);
  expect([long.status, await problem(long)]).toEqual([413, "request_too_large"]);
  const refused = [...(await keysNow())].filter((key) => !before.has(key));
  expect(refused).toHaveLength(2);
  const collected = await store.collect({ now: Date.now(), limit: 1_000 });
  expect(collected).toEqual(expect.arrayContaining(refused));
  const file = await one.engine.uploads.file("me", idOf(kept));
  expect(collected).not.toContain(file.blob);
});

test("an upload comes in a bounded number of pieces", async () => {
  const path = await create(10_000);
  const parts = Array.from({ length: 4_096 }, (_, n) => ({ blob: `${n}`, bytes: 1, sha256: "0".repeat(64) }));
  const at = { owner: "me", id: idOf(path), now: Date.now() };
  await uploadRecords(one.engine.database).append(at, { offset: 0, parts });
  const answer = await patch(one, path, 4_096, Buffer.from("a"));
  expect([answer.status, await problem(answer)]).toEqual([413, "request_too_large"]);
});

test("a disk with less than its reserve takes no byte of an upload, and lets go of one", async () => {
  const path = await create(3);
  const full = await startApi(await openFileBlobs(join(data, "blobs"), { reserveBytes: 2 ** 60 }));
  const refused = await patch(full, path, 0, Buffer.from("abc"));
  expect([refused.status, await problem(refused)]).toEqual([507, "storage_full"]);
  expect(await offsetOf(full, path)).toBe(0);
  expect((await fetch(full.url + path, { method: "DELETE", headers: tus })).status).toBe(204);
});

test("of two requests that send the same bytes at once, one wins and the other is told", async () => {
  const content = randomBytes(1_000_000);
  const path = await create(content.length);
  const answers = await Promise.all([one, other, one, other].map((api) => patch(api, path, 0, content)));
  const statuses = answers.map(({ status }) => status);
  expect(statuses).toContain(204);
  expect(statuses.every((status) => status === 204 || status === 409)).toBe(true);
  const file = await one.engine.uploads.file("me", idOf(path));
  expect(file.sha256).toBe(createHash("sha256").update(content).digest("hex"));
});

test("a larger file is put together from its parts, with flat memory", async () => {
  const piece = randomBytes(1024 * 1024);
  const length = 150 * piece.length;
  const path = await create(length);
  const body = new ReadableStream({
    start: () => undefined,
    pull(controller) {
      sent += piece.length;
      if (sent > length) controller.close();
      else controller.enqueue(new Uint8Array(piece));
    },
  });
  let sent = 0;
  const answer = await fetch(one.url + path, {
    method: "PATCH",
    headers: { ...tus, "upload-offset": "0", "content-type": "application/offset+octet-stream" },
    body,
    duplex: "half",
  } as RequestInit);
  expect(answer.status).toBe(204);
  const file = await one.engine.uploads.file("me", idOf(path));
  const hash = createHash("sha256");
  for (let count = 0; count < 150; count++) hash.update(piece);
  expect(file).toMatchObject({ bytes: length, sha256: hash.digest("hex") });
}, 60_000);

test("nothing is a file too", async () => {
  const path = await create(0, "empty.txt");
  expect(await one.engine.uploads.file("me", idOf(path))).toMatchObject({ bytes: 0, name: "empty.txt" });
});

test("a body counts only when it matches its checksum", async () => {
  const content = Buffer.from("hello world");
  const path = await create(content.length);
  const sha1 = base64(createHash("sha1").update(content).digest());
  const wrong = await patch(one, path, 0, Buffer.from("hello_world"), { "upload-checksum": `sha1 ${sha1}` });
  expect(wrong.status).toBe(460);
  expect(await problem(wrong)).toBe("checksum_mismatch");
  expect(await offsetOf(one, path)).toBe(0);
  const unknown = await patch(one, path, 0, content, { "upload-checksum": "crc32 AAAA" });
  expect(unknown.status).toBe(400);
  expect((await patch(one, path, 0, content, { "upload-checksum": `sha1 ${sha1}` })).status).toBe(204);
});

test("an upload is its owner's alone", async () => {
  const path = await create(3);
  const theirs = { "x-owner": "somebody" };
  expect((await fetch(one.url + path, { method: "HEAD", headers: { ...tus, ...theirs } })).status).toBe(404);
  expect((await patch(one, path, 0, Buffer.from("abc"), theirs)).status).toBe(404);
  expect((await fetch(one.url + path, { method: "DELETE", headers: { ...tus, ...theirs } })).status).toBe(
    404,
  );
  await refusal(one.engine.uploads.file("somebody", idOf(path)), "not_found");
});

test("the bytes of an upload that was given up are collected at once, in one part or joined of several", async () => {
  const { store } = one.engine;
  for (const pieces of [["given up"], ["in ", "two"]]) {
    const content = pieces.join("");
    const path = await create(content.length);
    let offset = 0;
    for (const piece of pieces) {
      expect((await patch(one, path, offset, Buffer.from(piece))).status).toBe(204);
      offset += piece.length;
    }
    const upload = await one.engine.uploads.get("me", idOf(path));
    const keys = [...new Set([...upload.parts.map((part) => part.blob), upload.file!.blob])];
    expect(await store.known({ keys })).toHaveLength(keys.length);
    await fetch(one.url + path, { method: "DELETE", headers: tus });
    expect(await store.collect({ now: Date.now(), limit: 1_000 })).toEqual(expect.arrayContaining(keys));
  }
});

test("a given-up upload is gone", async () => {
  const path = await create(3);
  const give = () => fetch(other.url + path, { method: "DELETE", headers: tus });
  expect((await give()).status).toBe(204);
  expect((await give()).status).toBe(404);
  expect((await patch(one, path, 0, Buffer.from("abc"))).status).toBe(404);
});

test("an abandoned upload expires, and its bytes are collected", async () => {
  const { engine } = one;
  const path = await create(10);
  expect((await patch(one, path, 0, Buffer.from("unused"))).status).toBe(204);
  const upload = await engine.uploads.get("me", idOf(path));
  const records = uploadRecords(engine.database);
  const later = upload.expiresAt + 1;
  const late = { owner: "me", id: upload.id, now: later };
  expect(await records.get(late)).toBeNull();
  expect(await records.append(late, { offset: 6, parts: [] })).toEqual({ ok: false, reason: "missing" });
  const [part] = upload.parts;
  expect(await engine.store.collect({ now: later, limit: 1_000 })).not.toContain(part!.blob);
  expect(await engine.store.collect({ now: later + 3_600_000, limit: 1_000 })).toContain(part!.blob);
});

test.each<[string, string, Record<string, string>, number, string]>([
  ["POST", "/v1/uploads", { "upload-length": "3" }, 412, "tus_version"],
  ["POST", "/v1/uploads", { ...tus, "tus-resumable": "0.2.2", "upload-length": "3" }, 412, "tus_version"],
  ["POST", "/v1/uploads", tus, 400, "invalid_request"],
  ["POST", "/v1/uploads", { ...tus, "upload-length": "-1" }, 400, "invalid_request"],
  ["POST", "/v1/uploads", { ...tus, "upload-length": "1e3" }, 400, "invalid_request"],
  ["POST", "/v1/uploads", { ...tus, "upload-length": String(MAX_BYTES + 1) }, 413, "file_too_large"],
  [
    "POST",
    "/v1/uploads",
    { ...tus, "upload-length": "3", "upload-metadata": "a b c" },
    400,
    "invalid_request",
  ],
  [
    "POST",
    "/v1/uploads",
    { ...tus, "upload-length": "3", "upload-metadata": "a YQ==,a YQ==" },
    400,
    "invalid_request",
  ],
  ["DELETE", "/v1/uploads/nothing", tus, 404, "not_found"],
])("%s %s with %j is refused", async (method, path, headers, status, code) => {
  const answer = await fetch(one.url + path, { method, headers });
  expect(answer.status).toBe(status);
  expect(await problem(answer)).toBe(code);
});

test("a body of another offset, type or length is refused", async () => {
  const path = await create(3);
  const ahead = await patch(one, path, 2, Buffer.from("c"));
  expect([ahead.status, await problem(ahead)]).toEqual([409, "upload_moved"]);
  const typed = await patch(one, path, 0, Buffer.from("abc"), { "content-type": "application/json" });
  expect([400, 415]).toContain(typed.status);
  const long = await patch(one, path, 0, Buffer.from("abcd"));
  expect([long.status, await problem(long)]).toEqual([413, "request_too_large"]);
  expect(await offsetOf(one, path)).toBe(0);
});

const s3Url =
  process.env.MILLRACE_TEST_S3 ??
  "s3://millrace:millrace-secret@millrace-test/?endpoint=http%3A%2F%2F127.0.0.1%3A14567&region=us-east-1";
const { endpoint } = parseS3Url(s3Url);

await withService("S3", addressOf(endpoint ?? "https://s3.amazonaws.com", 443), async () => {
  const target = new URL(s3Url);
  target.pathname = `/uploads-${randomBytes(4).toString("hex")}`;
  const blobs = await openS3Blobs(target.href);
  const api = await startApi(blobs);
  closing.push(async () => {
    for await (const keys of blobs.list(Date.now() + 60_000)) await blobs.remove(keys);
    await blobs.close();
  });

  test("an upload in an object store is cut and resumed alike", async () => {
    const content = randomBytes(3_000_000);
    const path = await create(content.length);
    await patchCut(api, path, 0, content, 1_500_000);
    await expect.poll(() => offsetOf(api, path)).toBeGreaterThan(500_000);
    const offset = await offsetOf(api, path);
    expect((await patch(api, path, offset, content.subarray(offset))).status).toBe(204);
    const file = await api.engine.uploads.file("me", idOf(path));
    expect((await blobs.read(file.blob)).equals(content)).toBe(true);
  });

  test("a file sent to the object store directly becomes a file of a job", async () => {
    const content = Buffer.from("%PDF-1.7\n".repeat(1_000));
    const sha256 = createHash("sha256").update(content).digest("hex");
    const asked = await presign(api, { name: "a/b.pdf", bytes: content.length, sha256, publish: true });
    expect(asked.status).toBe(201);
    const { uploadId, method, url, headers, publicUrl } = (await asked.json()) as {
      publicUrl: string;
      uploadId: string;
      method: string;
      url: string;
      headers: Record<string, string>;
    };
    await refusal(api.engine.uploads.file("me", uploadId), "upload_incomplete");
    expect((await fetch(url, { method, headers, body: new Uint8Array(content) })).status).toBe(200);
    const files = await Promise.all([1, 2].map(() => api.engine.uploads.file("me", uploadId)));
    for (const file of files) {
      expect(file).toMatchObject({
        name: "b.pdf",
        mediaType: "application/pdf",
        bytes: content.length,
        sha256,
      });
      expect((await blobs.read(file.blob)).equals(content)).toBe(true);
    }
    const { publications } = api.engine;
    expect(publicUrl).toBe(`https://cdn.example/p/${sha256}.pdf`);
    expect(await publications.find(`${sha256}.pdf`)).toMatchObject({ id: uploadId, owner: "me", sha256 });
    await api.engine.uploads.remove("me", uploadId);
    expect(await publications.find(`${sha256}.pdf`)).toBeNull();
  });

  test("a file whose name promised another kind is not published", async () => {
    const content = Buffer.from(`%PDF-1.7\n${Math.random()}`);
    const sha256 = createHash("sha256").update(content).digest("hex");
    const asked = await presign(api, { name: "a.png", bytes: content.length, sha256, publish: true });
    const { uploadId, method, url, headers } = (await asked.json()) as Record<string, string>;
    await fetch(url!, { method, headers: headers as never, body: new Uint8Array(content) });
    await refusal(api.engine.uploads.file("me", uploadId!), "unsupported_media");
    expect(await api.engine.publications.list({ owner: "me", limit: 9 })).toEqual([]);
  });
});

test("a file is published only where the server has public addresses", async () => {
  const asked = { name: "a", bytes: 1, sha256: "0".repeat(64), publish: true };
  const answer = await presign(one, asked);
  expect([answer.status, await problem(answer)]).toEqual([422, "publishing_off"]);
});

function presign(api: { url: string }, body: object): Promise<Response> {
  return fetch(`${api.url}/v1/uploads/presign`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

test("there is no direct upload into a folder", async () => {
  const answer = await presign(one, { name: "a", bytes: 1, sha256: "0".repeat(64) });
  expect([answer.status, await problem(answer)]).toEqual([404, "not_found"]);
});

test("the protocol describes itself", async () => {
  const answer = await fetch(`${one.url}/v1/uploads`, { method: "OPTIONS" });
  expect(answer.status).toBe(204);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "tus-resumable": "1.0.0",
    "tus-version": "1.0.0",
    "tus-extension":
      "creation,creation-with-upload,creation-defer-length,concatenation,expiration,checksum,termination",
    "tus-max-size": String(MAX_BYTES),
    "tus-checksum-algorithm": "sha1,sha256,md5",
  });
});
