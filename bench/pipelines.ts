import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { definePipeline } from "../src/pipeline/pipeline.ts";
import { noteEnd, noteStart, startSignal } from "./clock-log.ts";
import { insertRows } from "./rows.ts";

const many = { accepts: { mediaTypes: ["*"], minFiles: 0, maxFiles: 10_000 }, queueLimit: 100_000_000 };
const eager = { concurrency: 100, cache: "never" } as const;

/** Does nothing: what remains is the cost of the machinery. */
export const noop = definePipeline({
  name: "bench.noop",
  version: 1,
  title: "No-op",
  options: z.object({ text: z.string().max(10_000).default("") }),
  ...many,
}).each("run", () => {}, eager);

/** One item split into parts that do nothing, as the items of `noop` do. */
export const noopParts = definePipeline({
  name: "bench.parts",
  version: 1,
  title: "No-op parts",
  options: z.object({ parts: z.number().int(), text: z.string().max(10_000).default("") }),
  ...many,
  accepts: { ...many.accepts, maxFiles: 1 },
})
  // Two at once, as by default: while the parts of one job run, the next are split.
  .split("split", (ctx) => Array.from({ length: ctx.options.parts }, (_, part) => ({ data: part })))
  .each("run", () => {}, eager)
  .join("join", (ctx) => ctx.parts.length, eager);

const ofRows = {
  version: 1,
  accepts: { data: z.object({ n: z.int() }) },
  options: z.object({ url: z.string() }),
  queueLimit: many.queueLimit,
};

/** Writes each item into a table by a statement of its own. */
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

/** Tells how long ago it was asked for. */
export const start = definePipeline({
  name: "bench.start",
  version: 1,
  title: "Start",
  options: z.object({ askedAt: z.number(), text: z.string().default("") }),
  ...many,
}).each("run", (ctx) => noteStart(ctx.options.askedAt), eager);

/** Ends so long after the start signal was given, and writes down when that was. */
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

/** Its results are its files. */
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
