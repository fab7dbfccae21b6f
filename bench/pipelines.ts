import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { definePipeline } from "../src/pipeline/pipeline.ts";
import { noteEnd, noteStart, startSignal } from "./clock-log.ts";
import { insertRows } from "./rows.ts";

const many = { accepts: { mediaTypes: ["*"], minFiles: 0, maxFiles: 10_000 }, queueLimit: 100_000_000 };
const eager = { concurrency: 100, cache: "never" } as const;

/** Does nothing, so that only the overhead remains. */
export const noop = definePipeline({
  name: "bench.noop",
  version: 1,
  title: "No-op",
  options: z.object({ text: z.string().max(10_000).default("") }),
  ...many,
}).each("run", () => {}, eager);

/** Splits one item into parts that do nothing, like the items of `noop`. */
export const noopParts = definePipeline({
  name: "bench.parts",
  version: 1,
  title: "No-op parts",
  options: z.object({ parts: z.number().int(), text: z.string().max(10_000).default("") }),
  ...many,
  accepts: { ...many.accepts, maxFiles: 1 },
})
  // Two at once (the default): the next job is split while the parts of the first run.
  .split("split", (ctx) => Array.from({ length: ctx.options.parts }, (_, part) => ({ data: part })))
  .each("run", () => {}, eager)
  .join("join", (ctx) => ctx.parts.length, eager);

const ofRows = {
  version: 1,
  accepts: { data: z.object({ n: z.int() }) },
  options: z.object({ url: z.string() }),
  queueLimit: many.queueLimit,
};

/** Writes each item into a table with a separate statement. */
export const rows = definePipeline({ name: "bench.rows", title: "Rows", ...ofRows }).each(
  "insert",
  (ctx) => insertRows(ctx.options.url, [ctx.data.n]),
  eager,
);

/** The same, for fifty items at once. */
export const batchedRows = definePipeline({
  name: "bench.batches",
  title: "Batches of rows",
  ...ofRows,
}).batch("insert", { size: 50, waitMs: 1_000, ...eager }, async (tasks) => {
  await insertRows(
    tasks[0]!.options.url,
    tasks.map(({ data }) => data.n),
  );
  return tasks.map(() => null);
});

/** Records how long ago the job was requested. */
export const start = definePipeline({
  name: "bench.start",
  version: 1,
  title: "Start",
  options: z.object({ askedAt: z.number(), text: z.string().default("") }),
  ...many,
}).each("run", (ctx) => noteStart(ctx.options.askedAt), eager);

/** Ends the given time after the start signal, and records when. */
export const wait = definePipeline({
  name: "bench.wait",
  version: 1,
  title: "Wait",
  options: z.object({ afterMs: z.number() }),
  ...many,
}).each(
  "wait",
  async (ctx) => {
    const wait = (await startSignal()) + ctx.options.afterMs - Date.now();
    await sleep(Math.max(0, wait), undefined, { signal: ctx.signal });
    noteEnd(ctx.jobId);
  },
  { concurrency: 2_000, cache: "never" },
);

/** Returns its input files as results. */
export const copy = definePipeline({
  name: "bench.copy",
  version: 1,
  title: "Copy",
  accepts: { mediaTypes: ["*"], maxFiles: 1_000, maxFileBytes: 1024 ** 3 },
}).each(
  "copy",
  async (ctx) => {
    await ctx.write({ name: ctx.name, mediaType: ctx.file.mediaType, data: await ctx.stream(ctx.file) });
  },
  { cache: "never" },
);

/** Calls a model once per item. */
export const ask = definePipeline({
  name: "bench.ask",
  version: 1,
  title: "Ask a model",
  accepts: { data: z.object({ n: z.int() }) },
  options: z.object({ model: z.string() }),
  queueLimit: many.queueLimit,
}).each(
  "ask",
  async (ctx) => {
    const { model } = ctx.options;
    return (await ctx.ai.text({ model, prompt: `Number ${ctx.data.n}?`, maxOutputTokens: 10 })).text;
  },
  { ...eager, attempts: 20 },
);
