import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copy, createJob, ended, form, type JobJson, post, problemOf } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";
import { fieldPart, filePart, formHead, rawRequest } from "./raw-http.ts";

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [copy] });
});
afterAll(() => server.close());

const pdf = "%PDF-1.7\n";
const big = "x".repeat(3 * 1024 * 1024 + 1);

type Part = readonly [name: string, value: string] | { file: string; content: string };

/** A form of these fields and files, in this order. */
function parts(...list: readonly Part[]): FormData {
  const data = new FormData();
  for (const part of list) {
    if ("file" in part) data.append("files", new Blob([part.content]), part.file);
    else data.append(...part);
  }
  return data;
}

const good = { file: "good.txt", content: "good" };
const wrong = { file: "wrong.txt", content: pdf };
const pipeline = ["pipeline", "copy"] as const;
const skip = ["onInvalidFile", "skip"] as const;

describe("a form with an invalid file", () => {
  test.each([
    ["what to do first", [skip, pipeline, wrong, good]],
    ["the pipeline first", [pipeline, skip, good, wrong]],
    ["what to do last", [pipeline, wrong, good, skip]],
    ["the files first", [wrong, good, skip, pipeline]],
    ["the pipeline last", [wrong, skip, good, pipeline]],
  ] as const)("is run without it: %s", async (_, list) => {
    const job = await createJob(server.url, parts(...list));
    const done = await ended(server.url, job.id);
    expect(done).toMatchObject({ state: "partial", progress: { total: 2, done: 1, failed: 1 } });
    const items = Object.fromEntries(done.items.map((item) => [item.name, item]));
    expect(items["good.txt"]).toMatchObject({ state: "succeeded", outputs: [{ name: "good.txt" }] });
    expect(items["wrong.txt"]).toMatchObject({
      state: "failed",
      input: null,
      outputs: [],
      error: {
        code: "unsupported_media",
        message: expect.stringMatching(/"wrong\.txt" is application\/pdf/),
      },
    });
  });

  test("skips what is too large, and reads past it", async () => {
    const list = [{ file: "big.txt", content: big }, good, { file: "huge.txt", content: big + big }, good];
    const done = await ended(server.url, (await createJob(server.url, parts(pipeline, skip, ...list))).id);
    expect(done.items.map((item) => item.state)).toEqual(["failed", "succeeded", "failed", "succeeded"]);
    expect(done.items[0]!.error).toMatchObject({
      code: "file_too_large",
      message: expect.stringMatching(/"big\.txt".*3145728/),
    });
  });

  test.each([
    ["by default", [pipeline, good, wrong, good]],
    ["as asked", [["onInvalidFile", "reject"], pipeline, good, wrong]],
    ["as asked at the end", [pipeline, wrong, good, ["onInvalidFile", "reject"]]],
    ["with the pipeline at the end", [wrong, good, pipeline]],
  ] as const)("is refused by the file's name %s", async (_, list) => {
    const problem = await problemOf(await post(server.url, "/v1/jobs", parts(...list)));
    expect(problem).toMatchObject({ status: 415, code: "unsupported_media", file: "wrong.txt" });
    expect(problem.detail).toMatch(/"wrong\.txt" is application\/pdf\. Accepted types are text\/plain/);
  });

  test("fails when it has no other", async () => {
    const job = await createJob(server.url, parts(pipeline, skip, wrong));
    expect(job).toMatchObject({ state: "failed", progress: { total: 1, failed: 1, fraction: 1 } });
    const retry = await post(server.url, `/v1/jobs/${job.id}/retry`, {});
    expect(await problemOf(retry)).toMatchObject({ code: "job_not_retryable" });
    const failed = await fetch(`${server.url}/v1/jobs/${job.id}/items?state=failed`);
    expect(((await failed.json()) as { items: unknown[] }).items).toHaveLength(1);
    const letters = await fetch(`${server.url}/v1/admin/dead-letters?jobId=${job.id}`);
    expect(await letters.json()).toMatchObject({ items: [] });
  });

  test("with a word that there is not", async () => {
    const response = await post(server.url, "/v1/jobs", parts(pipeline, ["onInvalidFile", "maybe"], wrong));
    expect(await problemOf(response)).toMatchObject({ status: 400, code: "invalid_request" });
  });

  test("is not read without end, whatever it says", async () => {
    const B = "boundary";
    const flood = new Array<Buffer>(1_900).fill(Buffer.alloc(1024 * 1024, "x"));
    for (const [fields, code] of [
      [fieldPart(B, "pipeline", "copy"), "unsupported_media"],
      [fieldPart(B, "pipeline", "copy") + fieldPart(B, "onInvalidFile", "skip"), "request_too_large"],
    ] as const) {
      const head = formHead(server.port, B, 2_000_000_000) + fields + filePart(B, "files", "a.pdf", pdf);
      const answer = await rawRequest(server.port, [head.slice(0, -2), ...flood], { ms: 15_000 });
      expect(JSON.parse(answer.body)).toMatchObject({ code });
    }
  });
});

test("the archive tells why a file was skipped", async () => {
  const files = [good, wrong, { file: "c.txt", content: "c" }];
  const job = await createJob(server.url, parts(pipeline, skip, ...files));
  await ended(server.url, job.id);
  const archive = Buffer.from(
    await (await fetch(`${server.url}/v1/jobs/${job.id}/archive`)).arrayBuffer(),
  ).toString("latin1");
  expect(archive).toMatch(/unsupported_media/);
});

test("a JSON body skips files of the wrong kind", async () => {
  const uploads = await Promise.all(
    [
      ["a.txt", "text"],
      ["b.txt", pdf],
      ["c.txt", big],
    ].map(([name, content]) => upload(name!, content!)),
  );
  const files = uploads.map((uploadId) => ({ uploadId }));
  const refused = await problemOf(await post(server.url, "/v1/jobs", { pipeline: "copy", files }));
  expect(refused).toMatchObject({ code: "unsupported_media", file: "b.txt" });
  const job = await createJob(server.url, { pipeline: "copy", files, onInvalidFile: "skip" });
  const done = await ended(server.url, job.id);
  expect(done.items.map(({ name, state }) => [name, state])).toEqual([
    ["a.txt", "succeeded"],
    ["b.txt", "failed"],
    ["c.txt", "failed"],
  ]);
  expect(done.items[2]!.error).toMatchObject({ code: "file_too_large" });
});

test("an idempotency key repeats a job with skipped files, and tells reject from skip", async () => {
  const headers = { "idempotency-key": "skipped" };
  const send = (...list: readonly Part[]) => post(server.url, "/v1/jobs", parts(pipeline, ...list), headers);
  const first = (await (await send(skip, good, wrong)).json()) as JobJson;
  const again = await send(skip, good, wrong);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(((await again.json()) as JobJson).id).toBe(first.id);
  expect((await problemOf(await send(skip, good))).code).toBe("idempotency_mismatch");
  expect(
    (await problemOf(await send(skip, good, { file: "wrong.txt", content: "PK\u0003\u0004" }))).code,
  ).toBe("idempotency_mismatch");
});

test("a quote counts what would run", async () => {
  const response = await post(server.url, "/v1/jobs/quote", parts(pipeline, skip, good, wrong));
  expect(await response.json()).toMatchObject({ items: 2, costUnits: 1, cached: false });
  const rejected = await post(server.url, "/v1/jobs/quote", form("copy", [["wrong.txt", pdf]]));
  expect(await problemOf(rejected)).toMatchObject({ code: "unsupported_media", file: "wrong.txt" });
});

async function upload(name: string, content: string): Promise<string> {
  const response = await fetch(`${server.url}/v1/uploads`, {
    method: "POST",
    headers: {
      "tus-resumable": "1.0.0",
      "upload-length": String(content.length),
      "upload-metadata": `filename ${btoa(name)}`,
      "content-type": "application/offset+octet-stream",
    },
    body: content,
  });
  return response.headers.get("location")!.split("/").at(-1)!;
}

test("a file without content is told as empty", async () => {
  const empty = { file: "empty.txt", content: "" };
  const problem = await problemOf(await post(server.url, "/v1/jobs", parts(pipeline, empty)));
  expect(problem).toMatchObject({ status: 415, detail: expect.stringContaining('"empty.txt" is empty') });
});
