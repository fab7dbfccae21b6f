import { afterAll, beforeAll, expect, test } from "vitest";
import type { z } from "zod";
import { PermanentError } from "../../src/pipeline/control.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { item, pageOf, part } from "../../src/server/api-schemas.ts";
import { type Running, start } from "./harness.ts";
import { listen } from "./sse-client.ts";

const broken = new Set<string>();
const joins: string[] = [];

/** Splits a text into lines. */
const lines = definePipeline({
  name: "lines",
  version: 1,
  title: "Lines",
  accepts: { mediaTypes: ["text/plain"], minFiles: 1 },
})
  .split("lines", async function* (ctx) {
    const text = (await ctx.read(ctx.file)).toString();
    for (const line of text.split("\n")) {
      const file = await ctx.write({ name: "line.txt", data: Buffer.from(line), mediaType: "text/plain" });
      yield { data: { line, padding: "x".repeat(line === "large" ? 100_000 : 0) }, files: [file] };
    }
  })
  .each(
    "read",
    async (ctx) => {
      if (broken.has(ctx.part.data.line)) throw new PermanentError("undecodable_file", "It is broken.");
      await ctx.once("memo", async () => ctx.part.index);
      const text = (await ctx.read(ctx.inputs[0]!)).toString();
      await ctx.write({ extension: "md", data: Buffer.from(text.toUpperCase()), mediaType: "text/markdown" });
      return { text, of: ctx.part.total, padding: ctx.part.data.padding.length };
    },
    { concurrency: 8 },
  )
  .join("glue", async (ctx) => {
    joins.push(ctx.jobId);
    const parts = await Array.fromAsync(ctx.parts, async ({ name, data, outputs, result }) => {
      const written = (await ctx.read(outputs[0]!)).toString();
      return [name, data.line, written, result.of, result.padding];
    });
    const failures = await Array.fromAsync(ctx.failures, ({ index, data, code }) => [index, data.line, code]);
    return { parts, failures, name: ctx.name };
  })
  .each("end", (ctx) => ctx.previous);

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [lines] });
});
afterAll(() => server.close());

type Item = z.output<typeof item>;

async function create(text: string): Promise<string> {
  const form = new FormData();
  form.set("pipeline", "lines");
  form.append("files", new Blob([text]), "a.txt");
  const answer = await fetch(`${server.url}/v1/jobs`, { method: "POST", body: form });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { id: string }).id;
}

async function ended(id: string) {
  const answer = await fetch(`${server.url}/v1/jobs/${id}?wait=30`);
  return (await answer.json()) as { state: string; items: Item[] };
}

async function parts(id: string, query = "") {
  const answer = await fetch(`${server.url}/v1/jobs/${id}/items/0/parts${query}`);
  expect(answer.status).toBe(200);
  return pageOf(part).parse(await answer.json());
}

test("an item is split, its parts run, and the join reads them in order", async () => {
  const id = await create("one\nlarge\nthree");
  const job = await ended(id);
  expect(job.items[0]).toMatchObject({
    state: "succeeded",
    step: "end",
    parts: { total: 3, done: 3, failed: 0 },
    result: {
      name: "a.txt",
      parts: [
        ["a-1.txt", "one", "ONE", 3, 0],
        ["a-2.txt", "large", "LARGE", 3, 100_000],
        ["a-3.txt", "three", "THREE", 3, 0],
      ],
      failures: [],
    },
  });
  item.parse(job.items[0]);
  expect(joins.filter((one) => one === id)).toHaveLength(1);
  const { items, nextCursor } = await parts(id, "?limit=2");
  expect(items.map(({ index, name, state }) => [index, name, state])).toEqual([
    [0, "a-1.txt", "succeeded"],
    [1, "a-2.txt", "succeeded"],
  ]);
  expect(nextCursor).toBe("1");
  expect((await parts(id, "?limit=2&cursor=1")).items.map(({ index }) => index)).toEqual([2]);
  // All files of a part can be downloaded: its input as well as its outputs.
  const large = items[1]!;
  expect(large.data).toBeNull();
  for (const [file, text] of [
    [large.dataFile!, /"line":"large"/],
    [large.files[0]!, /^large$/],
    [large.outputs[0]!, /^LARGE$/],
  ] as const) {
    const answer = await fetch(`${server.url}/v1/artifacts/${file.artifactId}`);
    expect(await answer.text()).toMatch(text);
  }
});

test("failed parts are told to the join, and a retry runs them and the join alone", async () => {
  broken.add("bad");
  const id = await create("good\nbad");
  const job = await ended(id);
  expect(job).toMatchObject({ state: "succeeded" });
  expect(job.items[0]).toMatchObject({
    parts: { total: 2, done: 1, failed: 1 },
    result: { failures: [[1, "bad", "undecodable_file"]] },
  });
  expect((await parts(id, "?state=failed")).items).toMatchObject([
    { index: 1, attempt: 1, error: { code: "undecodable_file", message: "It is broken." } },
  ]);
  const letters = (await (await fetch(`${server.url}/v1/admin/dead-letters?jobId=${id}`)).json()) as {
    items: object[];
  };
  expect(letters.items).toMatchObject([{ index: 0, part: 1, step: "read", pipeline: "lines" }]);
  broken.clear();
  const retried = await fetch(`${server.url}/v1/jobs/${id}/retry`, { method: "POST" });
  expect(retried.status).toBe(202);
  const again = await ended(id);
  expect(again.items[0]).toMatchObject({
    parts: { total: 2, done: 2, failed: 0 },
    result: {
      failures: [],
      parts: [
        ["a-1.txt", "good"],
        ["a-2.txt", "bad"],
      ].map((one) => expect.arrayContaining(one)),
    },
  });
  expect(joins.filter((one) => one === id)).toHaveLength(2);
});

test("while parts run, those who watch hear how many have ended", async () => {
  const text = Array.from({ length: 60 }, (_, n) => `line ${n}`).join("\n");
  const id = await create(text);
  const stream = await listen(server.url, `/v1/jobs/${id}/events`);
  await stream.ended;
  const { events } = stream;
  const told = events.filter(({ event, data }) => event === "item.progress" && data.parts);
  expect(told.length).toBeGreaterThan(0);
  for (const { data } of told) expect(data).toMatchObject({ index: 0, step: "lines", parts: { total: 60 } });
  expect(events.filter(({ id }) => id !== null).map(({ event }) => event)).toEqual([
    ...["job.created", "job.started", "item.started", "item.started", "item.started"],
    ...["item.succeeded", "job.succeeded"],
  ]);
  expect(events.find(({ event }) => event === "item.succeeded")!.data.parts).toEqual({
    total: 60,
    done: 60,
    failed: 0,
  });
});

test("parts of what is not there are not found", async () => {
  const id = await create("one");
  await ended(id);
  for (const path of [`${id}/items/1/parts`, `${crypto.randomUUID()}/items/0/parts`]) {
    expect((await fetch(`${server.url}/v1/jobs/${path}`)).status).toBe(404);
  }
  expect((await fetch(`${server.url}/v1/jobs/${id}/items/x/parts`)).status).toBe(400);
});
