import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { PermanentError } from "../../src/pipeline/control.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";
import { createJob, ended, form, type JobJson } from "./fixtures.ts";
import { type Running, start } from "./harness.ts";

const fast = { cache: "never", backoff: { baseMs: 5, maxMs: 20 } } as const;
const tried = new Map<string, number>();

const leaf = definePipeline({
  name: "leaf",
  version: 1,
  title: "Leaf",
  accepts: { mediaTypes: ["text/plain"], data: z.string().min(1) },
  options: z.object({ loud: z.boolean().default(false) }),
}).each("read", async (ctx) => {
  const text = ctx.data ?? (await ctx.read(ctx.file)).toString();
  return { text: ctx.options.loud ? text.toUpperCase() : text, owner: ctx.owner };
});

const tree = definePipeline({
  name: "tree",
  version: 1,
  title: "Tree",
  accepts: { mediaTypes: ["text/plain"] },
})
  .each(
    "grow",
    async (ctx) => {
      const written = await ctx.write({
        name: "out.txt",
        data: Buffer.from("written"),
        mediaType: "text/plain",
      });
      await ctx.submit("own", leaf, { files: [written], options: { loud: true }, priority: 7 });
      await ctx.submit("given", "leaf", { files: [ctx.file], metadata: { from: "tree" } });
      const times = (tried.get(ctx.jobId) ?? 0) + 1;
      tried.set(ctx.jobId, times);
      if (times < 3) throw new Error("once more");
    },
    { ...fast, attempts: 5 },
  )
  .all("report", async (ctx) => {
    const { jobId } = await ctx.submit("report", leaf, {
      items: [{ name: "report", data: "x".repeat(70_000) }],
    });
    return { jobId };
  });

const bad = definePipeline({
  name: "bad",
  version: 1,
  title: "Bad",
  options: z.object({ how: z.string() }),
}).each(
  "try",
  async (ctx) => {
    const { how } = ctx.options;
    if (how === "own code") throw new PermanentError("no_face", "There is no face in the picture.");
    if (how === "unknown") await ctx.submit("a", "nope");
    if (how === "invalid") await ctx.submit("a", leaf, { items: [{ data: 5 }] });
    if (how === "twice") for (const _ of [1, 2]) await ctx.submit("a", leaf, { items: [{ data: "a" }] });
  },
  { ...fast, attempts: 1 },
);

const endless = definePipeline({ name: "endless", version: 1, title: "Endless" }).each(
  "again",
  async (ctx) => ctx.submit("again", "endless"),
  { ...fast, attempts: 1 },
);

let server: Running;
beforeAll(async () => {
  server = await start({ pipelines: [leaf, tree, bad, endless] });
});
afterAll(() => server.close());

interface Child {
  key: string;
  jobId: string;
  pipeline: string;
}

const childrenOf = (part: unknown) => (part as { children: Child[] }).children;

test("children come with the step's success, once, and name their parent", async () => {
  const { id } = await createJob(server.url, form("tree", [["in.txt", "given"]]));
  const done = await ended(server.url, id);
  expect(done).toMatchObject({ state: "succeeded", parent: null });
  const [own, given] = childrenOf(done.items[0]);
  expect([own, given]).toMatchObject([
    { key: "own", pipeline: "leaf" },
    { key: "given", pipeline: "leaf" },
  ]);
  const parent = { jobId: id, index: 0, step: "grow" };
  expect(await ended(server.url, own!.jobId)).toMatchObject({
    ...{ state: "succeeded", parent, priority: 7 },
    items: [{ name: "out.txt", result: { text: "WRITTEN", owner: "local" } }],
  });
  expect(await ended(server.url, given!.jobId)).toMatchObject({
    ...{ state: "succeeded", parent, metadata: { from: "tree" } },
    items: [{ name: "in.txt", result: { text: "given" } }],
  });
  const [report] = childrenOf(done);
  expect(done.result).toEqual({ jobId: report!.jobId });
  expect(await ended(server.url, report!.jobId)).toMatchObject({
    ...{ state: "succeeded", parent: { jobId: id, index: null, step: "report" } },
    items: [{ name: "report", data: null, dataFile: { name: "data.json" } }],
  });
  // Of three attempts, only one succeeded.
  const { items: jobs } = (await (await fetch(`${server.url}/v1/jobs?pipeline=leaf`)).json()) as {
    items: JobJson[];
  };
  expect(jobs).toHaveLength(3);
});

test.each([
  ["own code", "no_face", /no face/],
  ["unknown", "not_found", /no pipeline "nope"/],
  ["invalid", "invalid_items", /items\.0\.data/],
  ["twice", "step_failed", /the cause under \w+, in/],
])("what a step cannot start is its error: %s", async (how, code, message) => {
  const { id } = await createJob(server.url, { pipeline: "bad", options: { how } });
  const done = await ended(server.url, id);
  expect(done).toMatchObject({
    state: "failed",
    items: [{ error: { code, message: expect.stringMatching(message) } }],
  });
  expect(childrenOf(done.items[0])).toEqual([]);
});

test("a circle of jobs ends at the limit", async () => {
  let { id } = await createJob(server.url, { pipeline: "endless" });
  for (let depth = 0; depth < 8; depth++) {
    const done = await ended(server.url, id);
    expect(done.state).toBe("succeeded");
    id = childrenOf(done.items[0])[0]!.jobId;
  }
  expect(await ended(server.url, id)).toMatchObject({
    state: "failed",
    items: [{ error: { code: "too_deep", message: expect.stringContaining("at most 8 levels") } }],
  });
});
