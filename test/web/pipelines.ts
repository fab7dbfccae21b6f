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

/** Fails until the flag exists, except for files named "good". */
export const flagged = definePipeline({
  name: "test.flagged",
  version: 1,
  title: "Flagged",
  accepts: { mediaTypes: ["*"], minFiles: 1 },
}).each(
  "try",
  (ctx) => {
    if (ctx.name.startsWith("good") || existsSync(process.env.TEST_FLAG ?? "")) return "fine";
    throw new PermanentError("step_failed", `The flag is not there. ${"Put it back. ".repeat(50)}`);
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

/** Its archive takes a while to download. */
export const bulky = definePipeline({
  name: "test.bulky",
  version: 1,
  title: "Bulky",
  accepts: { mediaTypes: ["*"], minFiles: 0 },
}).each(
  "write",
  async (ctx) => {
    const data = Buffer.alloc(30 * 1024 * 1024, "bulky");
    await ctx.write({ name: "bulky.bin", data, mediaType: "application/octet-stream" });
  },
  { cache: "never" },
);

/** One option of each kind. */
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
    day: z.iso.date().optional(),
    start: z.iso.datetime().optional(),
    contact: z.email().optional(),
    frame: z.object({ width: z.int().min(1), colour: z.string().default("red") }).optional(),
    shape: z
      .union([
        z.object({ kind: z.literal("circle"), radius: z.number() }),
        z.object({ kind: z.literal("square"), side: z.number() }),
      ])
      .optional(),
  }),
}).each("echo", (ctx) => JSON.stringify(ctx.options));

/** Accepts data instead of files. */
export const report = definePipeline({
  name: "test.report",
  version: 1,
  title: "Report",
  accepts: { data: z.object({ region: z.string().min(2), top: z.int().max(99).optional() }) },
  options: z.object({ language: z.enum(["en", "ko"]).default("en") }),
}).each("write", (ctx) => `${ctx.data.region} ${ctx.options.language}`, { cache: "never" });

/** Splits each file into its lines with pauses in between, and starts a job for all of them. */
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

/** All kinds of files that the page displays inline, including some that try to run scripts. */
export const papers = definePipeline({
  name: "test.papers",
  version: 1,
  title: "Papers",
  accepts: { mediaTypes: ["*"], minFiles: 0 },
})
  .each("read", async (ctx) => {
    const files: [name: string, mediaType: string, data: string][] = [
      ["note.txt", "text/plain", "first line\nsecond line"],
      ["sums.csv", "text/csv", 'name,sum\n"Ada, the first",7\nBo,11\n'],
      ["facts.json", "application/json", '{"pages":[{"number":1}]}'],
      ["evil.html", "text/html", "<h1>Hello</h1><script>parent.ran = ran = 1</script>"],
      ["evil.svg", "image/svg+xml", evilDrawing],
      ["paper.pdf", "application/pdf", evilPaper],
    ];
    for (const [name, mediaType, data] of files)
      await ctx.write({ name, mediaType, data: Buffer.from(data) });
    return files.length;
  })
  .each("finish", async (ctx) => {
    ctx.warn("faint", "The print is faint.");
    const notes = await ctx.write({ name: "end.txt", data: Buffer.from("the end"), mediaType: "text/plain" });
    return { notes: [{ artifactId: notes.artifactId, of: ctx.previous }] };
  })
  .all("gather", async (ctx) => {
    await ctx.write({ name: "all.csv", data: Buffer.from("a,b\n1,2\n"), mediaType: "text/csv" });
    return ctx.items.length;
  });

const evilDrawing = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="parent.ran = ran = 1">
  <script>parent.ran = ran = 1</script><rect width="40" height="40" fill="#0d6e66"/></svg>`;

/** One page with a black square, and a script that runs on opening. */
const evilPaper = `%PDF-1.4
1 0 obj <</Type /Catalog /Pages 2 0 R /OpenAction <</S /JavaScript /JS (app.alert("ran"))>>>> endobj
2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj
3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources <<>>>> endobj
4 0 obj <</Length 29>> stream
0 0 0 rg 0 0 100 100 re f    \nendstream endobj
trailer <</Root 1 0 R>>
%%EOF`;

/** Slow parts, one of which throws an unexpected error. */
export const words = definePipeline({
  name: "test.words",
  version: 1,
  title: "Words",
  options: z.object({ text: z.string().default("one two wrong four five six") }),
})
  .split("cut", (ctx) => ctx.options.text.split(" ").map((data) => ({ name: data, data })))
  .each(
    "shout",
    async (ctx) => {
      await sleep(600, undefined, { signal: ctx.signal });
      if (ctx.part.data === "wrong") mistaken();
      await ctx.write({
        name: `${ctx.part.data}.txt`,
        data: Buffer.from(ctx.part.data),
        mediaType: "text/plain",
      });
      return ctx.part.data.toUpperCase();
    },
    { attempts: 2, backoff: { baseMs: 1, maxMs: 1 }, concurrency: 1, cache: "never" },
  )
  .join("glue", (ctx) => ctx.parts.length);

function mistaken(): never {
  throw new TypeError("nobody has said that this may happen");
}
