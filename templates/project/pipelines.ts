import { definePipeline, PermanentError } from "millrace";
import { z } from "zod";

/** Counts the words of text files, per file and in total. */
export const words = definePipeline({
  name: "words",
  version: 1,
  title: "Count words",
  accepts: { mediaTypes: ["text/plain"] },
  options: z.object({
    longerThan: z.int().min(0).default(0).describe("Count only words with more letters."),
  }),
})
  .each("count", async (ctx) => {
    const text = (await ctx.read(ctx.file)).toString();
    if (text.trim() === "") throw new PermanentError("undecodable_file", "The file has no words.");
    return text.split(/\s+/).filter((word) => word.length > ctx.options.longerThan).length;
  })
  .all("total", async (ctx) => {
    let total = 0;
    for await (const item of ctx.items) total += item.result;
    return { total, files: ctx.items.length };
  });
