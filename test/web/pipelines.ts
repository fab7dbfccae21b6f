import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PermanentError } from "../../src/pipeline/control.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";

/** Slow enough to be watched. */
export const slow = definePipeline({
  name: "test.slow",
  version: 1,
  title: "Slow",
  accepts: { mediaTypes: ["*"], minFiles: 0, maxFiles: 200 },
  options: z.object({ steps: z.int().min(1).max(1_000).default(40) }),
}).each("wait", async (ctx) => {
  for (let step = 1; step <= ctx.options.steps; step++) {
    await sleep(100, undefined, { signal: ctx.signal });
    ctx.progress(step / ctx.options.steps, `step ${step}`);
  }
});

/** Fails until the flag is there, but for files named "good". */
export const flagged = definePipeline({
  name: "test.flagged",
  version: 1,
  title: "Flagged",
  accepts: { mediaTypes: ["*"], minFiles: 1 },
}).each(
  "try",
  (ctx) => {
    if (ctx.name.startsWith("good") || existsSync(process.env.TEST_FLAG ?? "")) return "fine";
    throw new PermanentError("step_failed", "The flag is not there.");
  },
  { cache: "never" },
);

/** Files that take a while to upload. */
export const large = definePipeline({
  name: "test.large",
  version: 1,
  title: "Large",
  accepts: { mediaTypes: ["*"], maxFileBytes: 100 * 1024 * 1024 },
}).each("take", (ctx) => ctx.file.bytes);

/** One of each kind of option. */
export const form = definePipeline({
  name: "test.form",
  version: 1,
  title: "Form",
  options: z.object({
    title: z.string().min(2).describe("Stands above."),
    times: z.int().min(1).max(9).default(3),
    loud: z.boolean().default(false),
    size: z.enum(["small", "large"]).default("small"),
    tags: z.array(z.string()).optional(),
    frame: z.object({ width: z.int().min(1), colour: z.string().default("red") }).optional(),
    shape: z
      .union([
        z.object({ kind: z.literal("circle"), radius: z.number() }),
        z.object({ kind: z.literal("square"), side: z.number() }),
      ])
      .optional(),
  }),
}).each("echo", (ctx) => JSON.stringify(ctx.options));

/** Takes data instead of files. */
export const report = definePipeline({
  name: "test.report",
  version: 1,
  title: "Report",
  accepts: { data: z.object({ region: z.string().min(2), top: z.int().max(99).optional() }) },
  options: z.object({ language: z.enum(["en", "ko"]).default("en") }),
}).each("write", (ctx) => `${ctx.data.region} ${ctx.options.language}`, { cache: "never" });

/** Splits each file into its lines, a while apart, and starts a job for all of them. */
export const lines = definePipeline({
  name: "test.lines",
  version: 1,
  title: "Lines",
  accepts: { mediaTypes: ["text/plain"] },
})
  .split("lines", async (ctx) =>
    (await ctx.read(ctx.file))
      .toString()
      .split("\n")
      .map((line) => ({ data: { line } })),
  )
  .each(
    "read",
    async ({ part, signal }) => {
      await sleep(part.index * 500, undefined, { signal });
      if (part.data.line === "bad") throw new PermanentError("bad_line", "The line is bad.");
      return part.data.line;
    },
    { cache: "never", concurrency: 10 },
  )
  .join("all", (ctx) => ctx.parts.length)
  .all("tell", async (ctx) => {
    await ctx.submit("report", report, { items: [{ data: { region: "north" } }] });
    return ctx.items.length;
  });
