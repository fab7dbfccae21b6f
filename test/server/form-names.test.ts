import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copy, ended, type JobJson } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

let server: Running;
let folder: string;
beforeAll(async () => {
  server = await start({ pipelines: [copy] });
  folder = await mkdtemp(join(tmpdir(), "millrace-names-"));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const latin1 = (text: string) => Buffer.from(text, "latin1");
const utf8 = (text: string) => Buffer.from(text);

/** A form as bytes, with each part's header as the client wrote it. */
function formOf(boundary: string, parts: [header: Buffer, content: string][]): Buffer {
  const written = parts.flatMap(([header, content]) => [
    utf8(`--${boundary}\r\n`),
    header,
    utf8(`\r\n\r\n${content}\r\n`),
  ]);
  return Buffer.concat([...written, utf8(`--${boundary}--\r\n`)]);
}

async function send(body: Buffer, contentType: string): Promise<JobJson> {
  const headers = { "content-type": contentType };
  const response = await fetch(`${server.url}/v1/jobs`, {
    method: "POST",
    body: new Uint8Array(body),
    headers,
  });
  const job = (await response.json()) as JobJson;
  expect([response.status, job.code]).toEqual([202, undefined]);
  return ended(server.url, job.id);
}

const named = (job: JobJson) => job.items.map(({ name, outputs }) => [name, outputs[0]?.name]);

test(".NET's HttpClient: encoded words, and filename* without quotes", async () => {
  const boundary = "a3a49a27-5b0e-4b5a-8f0b-2f6c7a3c1d55";
  const word = utf8("한글 글.txt").toString("base64");
  const body = formOf(boundary, [
    [
      utf8("Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=pipeline"),
      "copy",
    ],
    [
      utf8(
        `Content-Disposition: form-data; name=files; filename="=?utf-8?B?${word}?="; filename*=utf-8''${encodeURIComponent("한글 글.txt")}`,
      ),
      "one",
    ],
    [utf8("Content-Disposition: form-data; name=files; filename=plain.txt"), "two"],
  ]);
  const job = await send(body, `multipart/form-data; boundary="${boundary}"`);
  expect(named(job)).toEqual([
    ["한글 글.txt", "한글 글.txt"],
    ["plain.txt", "plain.txt"],
  ]);
});

test("old systems: names in EUC-KR and Latin-1, and NFD as macOS writes it", async () => {
  const header = (name: Buffer) =>
    Buffer.concat([utf8('Content-Disposition: form-data; name="files"; filename="'), name, utf8('"')]);
  const body = formOf("xyz", [
    [utf8('Content-Disposition: form-data; name="pipeline"'), "copy"],
    [header(latin1("\xc7\xd1\xb1\xdb.txt")), "one"],
    [header(latin1("caf\xe9.txt")), "two"],
    [header(utf8("한글.txt".normalize("NFD"))), "three"],
  ]);
  const job = await send(body, "multipart/form-data; boundary=xyz");
  expect(job.items.map((item) => item.name)).toEqual(["한글.txt", "café.txt", "한글.txt"]);
});

describe("a browser's form", () => {
  const boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";
  const pipeline = [utf8('Content-Disposition: form-data; name="pipeline"'), "copy"] as [Buffer, string];
  const nothing = [
    utf8(
      'Content-Disposition: form-data; name="files"; filename=""\r\nContent-Type: application/octet-stream',
    ),
    "",
  ] as [Buffer, string];
  const type = `multipart/form-data; boundary=${boundary}`;

  test("a file input in which nothing was chosen is no file", async () => {
    const file = [
      utf8('Content-Disposition: form-data; name="files"; filename="한글.txt"\r\nContent-Type: text/plain'),
      "content",
    ] as [Buffer, string];
    const mark = [
      utf8(
        'Content-Disposition: form-data; name="stamp.image"; filename=""\r\nContent-Type: application/octet-stream',
      ),
      "",
    ] as [Buffer, string];
    const job = await send(formOf(boundary, [pipeline, nothing, file, mark]), type);
    expect(named(job)).toEqual([["한글.txt", "한글.txt"]]);
  });

  test("a file without a name is one when it has content", async () => {
    const file = [nothing[0], "content"] as [Buffer, string];
    const job = await send(formOf(boundary, [pipeline, file]), type);
    expect(named(job)).toEqual([["file", "file"]]);
  });
});

test("curl sends files of any name", async () => {
  const names = ["a b;c=d.txt", "한글 (1).txt", "50% off.txt"];
  for (const name of names) await writeFile(join(folder, name), `content of ${name}`);
  const files = names.flatMap((name) => ["-F", `files=@"${join(folder, name)}"`]);
  const { stdout } = await promisify(execFile)("curl", [
    ...["-sS", "-F", "pipeline=copy", ...files],
    `${server.url}/v1/jobs`,
  ]);
  const job = await ended(server.url, (JSON.parse(stdout) as JobJson).id);
  expect(job.items.map((item) => item.name)).toEqual(names);
});
