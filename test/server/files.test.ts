import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { Unzip } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copy, createJob, ended, form, type JobJson, png, problemOf, rename } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const run = promisify(execFile);
const text = "0123456789".repeat(100);
let server: Running;
let job: JobJson;
let folder: string;

beforeAll(async () => {
  server = await start({ pipelines: [copy, rename] });
  folder = await mkdtemp(join(tmpdir(), "millrace-zip-"));
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
  const created = await createJob(
    server.url,
    form("copy", [
      ["ten.txt", text],
      ["dot.png", png],
      ["evil.svg", svg],
    ]),
  );
  job = await ended(server.url, created.id);
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function get(item: number, headers: Record<string, string> = {}, query = "", method = "GET") {
  const { artifactId } = job.items[item]!.outputs[0]!;
  return fetch(`${server.url}/v1/artifacts/${artifactId}${query}`, { headers, method });
}

describe("a file", () => {
  test("comes whole, with what a client may keep it by", async () => {
    const response = await get(0);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("1000");
    expect(response.headers.get("etag")).toBe(`"${createHash("sha256").update(text).digest("hex")}"`);
    expect(response.headers.get("accept-ranges")).toBe("bytes");
    expect(await response.text()).toBe(text);
  });

  test.each([
    ["bytes=0-9", 206, "bytes 0-9/1000", "0123456789"],
    ["bytes=995-", 206, "bytes 995-999/1000", "56789"],
    ["bytes=-5", 206, "bytes 995-999/1000", "56789"],
    ["bytes=990-5000", 206, "bytes 990-999/1000", "0123456789"],
    ["bytes=0-0", 206, "bytes 0-0/1000", "0"],
    ["bytes=5-4", 200, null, text],
    ["lines=1-2", 200, null, text],
    ["bytes=0-1,5-6", 200, null, text],
  ])("in part: %s", async (range, status, contentRange, body) => {
    const response = await get(0, { range });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(body.length));
    expect(await response.text()).toBe(body);
  });

  test("has no part past its end", async () => {
    for (const range of ["bytes=1000-", "bytes=-0"]) {
      const response = await get(0, { range });
      expect(response.headers.get("content-range")).toBe("bytes */1000");
      expect(await problemOf(response)).toMatchObject({
        status: 416,
        code: "range_not_satisfiable",
        bytes: 1000,
      });
    }
  });

  test("is not sent again to who has it, and a part only of the same version", async () => {
    const etag = (await get(0, {}, "", "HEAD")).headers.get("etag")!;
    for (const tag of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
      const response = await get(0, { "if-none-match": tag });
      expect([response.status, await response.text()]).toEqual([304, ""]);
    }
    expect((await get(0, { "if-none-match": '"x"' })).status).toBe(200);
    expect((await get(0, { range: "bytes=0-1", "if-range": etag })).status).toBe(206);
    expect((await get(0, { range: "bytes=0-1", "if-range": '"x"' })).status).toBe(200);
  });

  test("is described without its bytes", async () => {
    const response = await get(0, {}, "", "HEAD");
    expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([
      200,
      "1000",
      "",
    ]);
  });

  test("is shown in place only where it cannot run anything", async () => {
    const picture = await get(1);
    expect(picture.headers.get("content-type")).toBe("image/png");
    expect(picture.headers.get("content-disposition")).toBe("inline; filename=dot.png");
    expect((await get(1, {}, "?download")).headers.get("content-disposition")).toMatch(/^attachment/);
    const drawing = await get(2);
    expect(drawing.headers.get("content-type")).toBe("image/svg+xml");
    expect(drawing.headers.get("content-disposition")).toMatch(/^attachment/);
    for (const response of [picture, drawing, await get(0)]) {
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
    }
  });
});

describe("the archive", () => {
  async function unzip(id: string): Promise<{ names: string[]; read(name: string): Promise<Buffer> }> {
    const response = await fetch(`${server.url}/v1/jobs/${id}/archive`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-disposition")).toMatch(
      /^attachment; filename=copy-[0-9a-f-]+\.zip$/,
    );
    const path = join(folder, id);
    await writeFile(`${path}.zip`, Buffer.from(await response.arrayBuffer()));
    const env = { ...process.env, LC_ALL: "C.UTF-8" };
    await run("unzip", ["-tq", `${path}.zip`], { env });
    await run("unzip", ["-q", `${path}.zip`, "-d", path], { env });
    return { names: (await readdir(path)).sort(), read: (name) => readFile(join(path, name)) };
  }

  test("holds every file under a name of its own, and a manifest that says how it was made", async () => {
    const names = ["a.jpg", "a.jpg", "A.JPG", "../../a.jpg", "manifest.json"];
    const files = names.map((name, n) => [name, `file ${n}`] as const);
    const created = await createJob(server.url, form("copy", files, { metadata: '{"k":"v"}' }));
    const done = await ended(server.url, created.id);
    const { names: found, read } = await unzip(created.id);
    expect(found).toEqual(
      ["A (3).JPG", "a (2).jpg", "a (4).jpg", "a.jpg", "manifest (2).json", "manifest.json"].sort(),
    );
    const manifest = JSON.parse((await read("manifest.json")).toString());
    expect(manifest.job).toMatchObject({
      id: created.id,
      pipeline: "copy",
      state: "succeeded",
      metadata: { k: "v" },
    });
    expect(manifest.items).toHaveLength(5);
    for (const [n, entry] of manifest.items.entries()) {
      const content = await read(entry.outputs[0].name);
      expect(content.toString()).toBe(`file ${n}`);
      expect(entry.outputs[0].sha256).toBe(createHash("sha256").update(content).digest("hex"));
      expect(entry).toMatchObject({
        index: n,
        state: "succeeded",
        name: done.items[n]!.name,
        input: { sha256: entry.outputs[0].sha256 },
        steps: [{ step: "copy", version: "1", attempt: 1, cached: false }],
        options: { ms: 0 },
        error: null,
      });
    }
  });

  test("a cached result is called as if it had been made for this file", async () => {
    const names = async (name: string) => {
      const created = await createJob(server.url, form("rename", [[name, "the same"]]));
      const { cached, outputs } = (await ended(server.url, created.id)).items[0]!;
      return [cached, outputs.map((file) => file.name), outputs[0]];
    };
    const keys = expect.not.objectContaining({ tail: expect.anything(), blob: expect.anything() });
    expect(await names("Mr. Smith")).toEqual([false, ["Mr. Smith.md", "Mr. Smith-2.md"], keys]);
    expect(await names("note.txt")).toEqual([true, ["note.md", "note-2.md"], keys]);
    expect(await names("Mr. Smith")).toEqual([true, ["Mr. Smith.md", "Mr. Smith-2.md"], keys]);
  });

  test("keeps names of any script", async () => {
    const created = await createJob(server.url, form("copy", [["사진 \u{1F600}.txt", "한국어"]]));
    await ended(server.url, created.id);
    const { names, read } = await unzip(created.id);
    expect(names).toEqual(["manifest.json", "사진 \u{1F600}.txt"]);
    expect((await read("사진 \u{1F600}.txt")).toString()).toBe("한국어");
  });

  test("repeats what the steps warned of", async () => {
    const created = await createJob(
      server.url,
      form("copy", [["a.txt", "one"]], { options: '{"warn":"Nearly lost:"}' }),
    );
    const done = await ended(server.url, created.id);
    const warnings = [{ code: "copied", message: "Nearly lost: a.txt" }];
    expect(done.items[0]).toMatchObject({ state: "succeeded", warnings });
    expect(done.warnings).toEqual([]);
    const { read } = await unzip(created.id);
    const manifest = JSON.parse((await read("manifest.json")).toString());
    expect(manifest.job.warnings).toEqual([]);
    expect(manifest.items[0]).toMatchObject({ warnings, steps: [{ step: "copy", warnings }] });
  });

  test("holds what succeeded, and says why the rest did not", async () => {
    const created = await createJob(
      server.url,
      form(
        "copy",
        [
          ["good.txt", "good"],
          ["poor.txt", "poor"],
        ],
        { options: '{"fail":"poor"}' },
      ),
    );
    await ended(server.url, created.id);
    const { names, read } = await unzip(created.id);
    expect(names).toEqual(["good.txt", "manifest.json"]);
    const manifest = JSON.parse((await read("manifest.json")).toString());
    expect(manifest.items[1]).toMatchObject({
      state: "failed",
      outputs: [],
      error: { code: "undecodable_file" },
    });
  });

  test("holds large files too, and says which are missing", async () => {
    const large = Buffer.alloc(2_500_000, "large ");
    const created = await createJob(
      server.url,
      form("copy", [
        ["large.txt", large],
        ["lost.txt", "lost forever"],
      ]),
    );
    await ended(server.url, created.id);
    const [, lost] = await server.engine.store.items({ jobId: created.id, limit: 10 });
    await server.engine.blobs.remove(lost!.outputs.map((file) => file.blob));
    const { names, read } = await unzip(created.id);
    expect(names).toEqual(["large.txt", "manifest.json"]);
    expect((await read("large.txt")).equals(large)).toBe(true);
    const manifest = JSON.parse((await read("manifest.json")).toString());
    expect(manifest.items[1].outputs[0]).toMatchObject({ name: "lost.txt", missing: true });
  });

  test("is read as it comes, sizes and checksums first", async () => {
    const large = Buffer.alloc(2_500_000, "streamed ");
    const files = [
      ["large.txt", large],
      ["사진.txt", "small"],
    ] as const;
    const created = await createJob(server.url, form("copy", files));
    await ended(server.url, created.id);
    const response = await fetch(`${server.url}/v1/jobs/${created.id}/archive`);
    const found = new Map<string, { bytes: number; size: number | undefined; crc: number }>();
    const reader = new Unzip((file) => {
      const entry = { bytes: 0, size: file.originalSize, crc: 0 };
      found.set(file.name, entry);
      file.ondata = (error, chunk) => {
        if (error) throw error;
        entry.bytes += chunk.length;
        entry.crc = crc32(chunk, entry.crc);
      };
      file.start();
    });
    for await (const chunk of response.body!) reader.push(chunk);
    reader.push(new Uint8Array(0), true);
    for (const [name, content] of files) {
      const data = Buffer.from(content);
      expect(found.get(name)).toEqual({ bytes: data.length, size: data.length, crc: crc32(data) });
    }
    expect([...found.keys()].at(-1)).toBe("manifest.json");
  });

  test("comes in parts, which make the whole", async () => {
    const large = Buffer.alloc(700_000, "a part of it ");
    const created = await createJob(
      server.url,
      form("copy", [
        ["a.txt", large],
        ["b.txt", "b"],
      ]),
    );
    await ended(server.url, created.id);
    const url = `${server.url}/v1/jobs/${created.id}/archive`;
    const whole = await fetch(url);
    const bytes = Buffer.from(await whole.arrayBuffer());
    expect(whole.headers.get("content-length")).toBe(String(bytes.length));
    const head = await fetch(url, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(bytes.length));
    const etag = head.headers.get("etag")!;
    expect(etag).toBe(whole.headers.get("etag"));
    const part = async (range: string, tag = etag) => {
      const response = await fetch(url, { headers: { range, "if-range": tag } });
      return [response.status, Buffer.from(await response.arrayBuffer())] as const;
    };
    // Within headers, across their boundaries, within files, and in the directory at the end.
    for (const [start, end] of [
      [0, 9],
      [20, 40],
      [25, 699_999],
      [690_000, bytes.length - 30],
    ]) {
      expect(await part(`bytes=${start}-${end}`)).toEqual([206, bytes.subarray(start, end! + 1)]);
    }
    expect(await part("bytes=-100")).toEqual([206, bytes.subarray(-100)]);
    expect(await part("bytes=0-1", '"another"')).toEqual([200, bytes]);
    expect((await part(`bytes=${bytes.length}-`))[0]).toBe(416);
  });

  test("waits for the job's end", async () => {
    const created = await createJob(
      server.url,
      form("copy", [["slow.txt", "s"]], { options: '{"ms":60000}' }),
    );
    const early = await fetch(`${server.url}/v1/jobs/${created.id}/archive`);
    expect(early.headers.get("retry-after")).toBe("1");
    expect(await problemOf(early)).toMatchObject({ status: 409, code: "job_not_ended", retryable: true });
    await fetch(`${server.url}/v1/jobs/${created.id}/cancel`, { method: "POST" });
    expect((await unzip(created.id)).names).toEqual(["manifest.json"]);
  });
});

test("what is past its retention is gone", async () => {
  const created = await createJob(server.url, form("copy", [["old.txt", "old"]]));
  const done = await ended(server.url, created.id);
  const later = Date.now() + 365 * 24 * 3_600_000;
  await server.engine.store.expire({ now: later, limit: 1_000, forgetBefore: 0 });
  const file = await fetch(`${server.url}/v1/artifacts/${done.items[0]!.outputs[0]!.artifactId}`);
  expect(await problemOf(file)).toMatchObject({ status: 410, code: "gone" });
  const archive = await fetch(`${server.url}/v1/jobs/${created.id}/archive`);
  expect(await problemOf(archive)).toMatchObject({ status: 410, code: "gone" });
  expect(await ended(server.url, created.id)).toMatchObject({ state: "expired" });
});

test("a file whose bytes were lost is whole again when it is uploaded again", async () => {
  const first = await createJob(server.url, form("copy", [["lost.txt", "lost and found"]]));
  const { outputs } = (await ended(server.url, first.id)).items[0]!;
  const file = await server.engine.store.artifact({ owner: "local", id: outputs[0]!.artifactId });
  if (file === null || file === "expired") throw new Error("it has no file");
  await server.engine.blobs.remove([file.blob]);
  const address = `${server.url}/v1/artifacts/${outputs[0]!.artifactId}`;
  expect((await fetch(address)).status).toBe(410);
  await createJob(server.url, form("copy", [["again.txt", "lost and found"]]));
  expect(await (await fetch(address)).text()).toBe("lost and found");
});
