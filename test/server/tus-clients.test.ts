import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import Uppy from "@uppy/core";
import UppyTus from "@uppy/tus";
import { Upload, type UploadOptions } from "tus-js-client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copy, createJob, ended } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy] });
});
afterAll(() => server.close());

/** Unique in each test, and long enough to need several requests. */
const content = Buffer.from(randomBytes(400_000).toString("hex"));

function upload(source: Buffer | Readable, options: Partial<UploadOptions>): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const sending = new Upload(source, {
      endpoint: `${server.url}/v1/uploads`,
      metadata: { filename: "한글 글.txt" },
      retryDelays: null,
      ...options,
      onError: reject,
      onSuccess: () => resolve(sending),
    });
    sending.start();
  });
}

/** Creates a job from an upload. Returns the file as the server has it. */
async function fileOf(address: string): Promise<{ name: string; data: Buffer }> {
  const files = [{ uploadId: address.slice(address.lastIndexOf("/") + 1) }];
  const job = await ended(server.url, (await createJob(server.url, { pipeline: "copy", files })).id);
  const [output] = job.items[0]!.outputs;
  const response = await fetch(`${server.url}/v1/artifacts/${output!.artifactId}`);
  return { name: output!.name, data: Buffer.from(await response.arrayBuffer()) };
}

const whole = { name: "한글 글.txt", data: content };

describe("tus-js-client", () => {
  test.each<[string, Partial<UploadOptions>]>([
    ["as it comes", {}],
    ["in chunks", { chunkSize: 100_000 }],
    ["with parallelUploads", { parallelUploads: 4 }],
    ["with data in the creation", { uploadDataDuringCreation: true }],
    ["with data in the creation, in chunks", { uploadDataDuringCreation: true, chunkSize: 150_000 }],
    ["with POST for PATCH", { overridePatchMethod: true, chunkSize: 300_000 }],
  ])("%s", async (_, options) => {
    expect(await fileOf((await upload(content, options)).url!)).toEqual(whole);
  });

  test.each([
    ["with the length at the end", {}],
    ["with the length at the end and data in the creation", { uploadDataDuringCreation: true }],
  ])("%s", async (_, options) => {
    const stream = Readable.from([content.subarray(0, 123_456), content.subarray(123_456)]);
    const sent = await upload(stream, { uploadLengthDeferred: true, chunkSize: 200_000, ...options });
    expect(await fileOf(sent.url!)).toEqual(whole);
  });
});

test("Uppy sends a file", async () => {
  const uppy = new Uppy().use(UppyTus, { endpoint: `${server.url}/v1/uploads`, retryDelays: [], limit: 2 });
  uppy.addFile({ name: "a.txt", type: "text/plain", data: asBlob(content) });
  const result = await uppy.upload();
  expect(result?.failed).toEqual([]);
  const [file] = result!.successful!;
  expect((await fileOf((file as { uploadURL: string }).uploadURL)).data).toEqual(content);
});

/** In Node, the tus client below Uppy accepts buffers, and Uppy itself only reads the size. */
function asBlob(data: Buffer): Blob {
  return Object.assign(Buffer.from(data), { size: data.length }) as unknown as Blob;
}

describe("the protocol", () => {
  const tus = { "tus-resumable": "1.0.0" };
  const create = (headers: Record<string, string>, body?: string) =>
    fetch(`${server.url}/v1/uploads`, {
      method: "POST",
      headers: { ...tus, ...headers },
      body: body ?? null,
    });
  const bytes = { "content-type": "application/offset+octet-stream" };
  const address = (response: Response) => server.url + response.headers.get("location");
  const patch = (url: string, offset: number, body: string, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: "PATCH",
      headers: { ...tus, ...bytes, "upload-offset": `${offset}`, ...headers },
      body,
    });
  const head = (url: string) => fetch(url, { method: "HEAD", headers: tus });

  test("says what it can do", async () => {
    const answer = await fetch(`${server.url}/v1/uploads`, { method: "OPTIONS" });
    const extensions = answer.headers.get("tus-extension")!.split(",");
    for (const name of ["creation-with-upload", "creation-defer-length", "concatenation"])
      expect(extensions).toContain(name);
  });

  test("a method may be named in a header", async () => {
    const url = address(await create({ "upload-length": "4" }));
    const override = (method: string, headers: Record<string, string> = {}, body?: string) =>
      fetch(url, {
        method: "POST",
        headers: { ...tus, "x-http-method-override": method, ...headers },
        body: body ?? null,
      });
    const sent = await override("PATCH", { ...bytes, "upload-offset": "0" }, "ab");
    expect([sent.status, sent.headers.get("upload-offset")]).toEqual([204, "2"]);
    expect((await override("HEAD")).headers.get("upload-length")).toBe("4");
    expect((await override("PUT")).status).toBe(400);
    expect((await override("DELETE")).status).toBe(204);
    expect((await head(url)).status).toBe(404);
  });

  test("a length that comes later comes once, and bounds what came before", async () => {
    const url = address(await create({ "upload-defer-length": "1" }));
    expect((await patch(url, 0, "abc")).status).toBe(204);
    const told = (await head(url)).headers;
    expect([told.get("upload-defer-length"), told.get("upload-length")]).toEqual(["1", null]);
    expect((await patch(url, 3, "d", { "upload-length": "2" })).status).toBe(400);
    expect((await patch(url, 3, "d", { "upload-length": "5" })).status).toBe(204);
    expect((await patch(url, 4, "e", { "upload-length": "6" })).status).toBe(400);
    expect((await patch(url, 4, "e")).status).toBe(204);
    expect((await fileOf(url)).data.toString()).toBe("abcde");
    const unknown = address(await create({ "upload-defer-length": "1" }));
    await patch(unknown, 0, "abc");
    const files = [{ uploadId: unknown.split("/").at(-1) }];
    const refused = await fetch(`${server.url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pipeline: "copy", files }),
    });
    expect(await refused.json()).toMatchObject({ code: "upload_incomplete" });
  });

  test("uploads are put together, and then live by themselves", async () => {
    const pieces: string[] = [];
    for (const text of ["one ", "two"]) {
      const made = await create(
        { "upload-concat": "partial", "upload-length": `${text.length}`, ...bytes },
        text,
      );
      expect(made.headers.get("upload-offset")).toBe(`${text.length}`);
      pieces.push(address(made));
    }
    const unfinished = address(await create({ "upload-concat": "partial", "upload-length": "3" }));
    expect((await create({ "upload-concat": `final;${pieces[0]} ${unfinished}` })).status).toBe(400);
    expect((await create({ "upload-concat": "final;/v1/uploads/none" })).status).toBe(400);
    expect((await create({ "upload-concat": "something" })).status).toBe(400);

    const concat = `final;${pieces.join(" ")}`;
    const final = address(await create({ "upload-concat": concat }));
    for (const url of pieces) expect((await fetch(url, { method: "DELETE", headers: tus })).status).toBe(204);
    const told = (await head(final)).headers;
    expect([told.get("upload-length"), told.get("upload-concat")]).toEqual(["7", concat]);
    expect((await patch(final, 7, "more")).status).toBe(403);
    expect((await fileOf(final)).data.toString()).toBe("one two");
  });

  test("a pipeline's own limit holds for an upload that names it", async () => {
    const metadata = `pipeline ${Buffer.from("copy").toString("base64")}`;
    const limit = copy.accepts.maxFileBytes;
    const refused = await create({ "upload-length": `${limit + 1}`, "upload-metadata": metadata });
    expect(await refused.json()).toMatchObject({ code: "file_too_large", limit });
  });
});
