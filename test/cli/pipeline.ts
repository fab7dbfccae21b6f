import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { definePipeline, PermanentError } from "millrace";
import { z } from "zod";

/** Fails until a file exists: a cause that an operator can fix. */
export const mendable = definePipeline({
  name: "mendable",
  version: 1,
  title: "Mendable",
  options: z.object({ needs: z.string() }),
}).each("look", (ctx) => {
  if (!existsSync(ctx.options.needs))
    throw new PermanentError("step_failed", "The file it needs is missing.");
  return "found";
});

/** Records when and where it runs, and takes a while. */
export const noted = definePipeline({
  name: "noted",
  version: 1,
  title: "Noted",
  options: z.object({ log: z.string(), ms: z.number() }),
}).each(
  "note",
  async (ctx) => {
    appendFileSync(ctx.options.log, `${process.pid} ${Date.now()}\n`);
    await sleep(ctx.options.ms, undefined, { signal: ctx.signal });
    return process.pid;
  },
  { cache: "never" },
);

/** Accepts data instead of files. */
export const invoice = definePipeline({
  name: "invoice",
  version: 1,
  title: "Invoice",
  accepts: { data: z.object({ customer: z.string(), cents: z.int().default(0) }) },
}).each(
  "write",
  ({ data }) => {
    if (data.cents < 0) throw new PermanentError("negative", `${data.customer} owes nothing.`);
    return `${data.customer}: ${data.cents}`;
  },
  { cache: "never" },
);

/** Throws an unexpected error if the options say so, after a step that writes a file. */
export const mistaken = definePipeline({
  name: "mistaken",
  version: 1,
  title: "Mistaken",
  options: z.object({ fails: z.boolean() }),
})
  .each("draft", (ctx) =>
    ctx.write({ name: "draft.txt", data: Buffer.from("a draft"), mediaType: "text/plain" }),
  )
  .each(
    "finish",
    async (ctx) => {
      if (ctx.options.fails) neverMind();
      await ctx.write({ name: "final.txt", data: Buffer.from("all of it"), mediaType: "text/plain" });
    },
    { attempts: 2, backoff: { baseMs: 1, maxMs: 1 } },
  )
  .all("sum", (ctx) => ctx.write({ name: "sum.txt", data: Buffer.from("1"), mediaType: "text/plain" }));

function neverMind(): never {
  throw new TypeError("this was never meant to happen");
}
