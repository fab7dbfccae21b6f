import { setTimeout as sleep } from "node:timers/promises";
import { definePipeline, PermanentError } from "millrace";
import { z } from "zod";

/** Each item returns `bytes` of JSON; the `all` step reads all results and reports what it saw. */
export const large = definePipeline({
  name: "large",
  version: 1,
  title: "Large results",
  accepts: { mediaTypes: ["*"], maxFiles: 10_000 },
  options: z.object({
    bytes: z.int().default(1_000),
    /** One in this many items fails for good. */
    failEvery: z.int().default(0),
    ms: z.int().default(0),
  }),
  queueLimit: 1_000_000,
})
  .each(
    "make",
    async (ctx) => {
      const { bytes, failEvery, ms } = ctx.options;
      if (ms > 0) await sleep(ms, undefined, { signal: ctx.signal });
      if (failEvery > 0 && ctx.index % failEvery === 0)
        throw new PermanentError("step_failed", "as it was asked");
      // Each result differs, so that each is stored separately.
      const head = `${ctx.jobId} ${ctx.index} `;
      return head + "x".repeat(Math.max(0, bytes - head.length - 2));
    },
    { concurrency: 4, cache: "never" },
  )
  .all("gather", async (ctx) => {
    let [items, characters] = [0, 0];
    for await (const { result } of ctx.items) {
      items++;
      characters += result.length;
    }
    let failures = 0;
    for await (const _ of ctx.failures) failures++;
    return { items, characters, failures };
  });
