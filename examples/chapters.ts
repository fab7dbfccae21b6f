/**
 * Splits a text into chapters, counts the words of each on any free worker, and builds a table of contents:
 * `millrace start --pipelines examples/chapters.ts`.
 */
import { definePipeline, PermanentError } from "millrace";

export const chapters = definePipeline({
  name: "chapters",
  version: 1,
  title: "Table of contents",
  description: "Lists the chapters of a Markdown file with their words.",
  accepts: { mediaTypes: ["text/plain", "text/markdown"], minFiles: 1, maxFiles: 10 },
})
  .split("chapters", async function* (ctx) {
    const text = (await ctx.read(ctx.file)).toString();
    for (const chapter of text.split(/^(?=# )/m)) {
      const [heading = "", ...lines] = chapter.split("\n");
      if (heading.startsWith("# "))
        yield { data: { title: heading.slice(2).trim(), text: lines.join("\n") } };
    }
  })
  .each("count", (ctx) => {
    const { title, text } = ctx.part.data;
    const words = text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
    if (words === 0) throw new PermanentError("step_failed", `The chapter "${title}" is empty.`);
    return { words };
  })
  .join("contents", async (ctx) => {
    const lines: string[] = [];
    for await (const { data, result } of ctx.parts) lines.push(`- ${data.title} (${result.words} words)`);
    for await (const { data } of ctx.failures) lines.push(`- ${data.title} (empty)`);
    await ctx.write({
      extension: "md",
      suffix: "-contents",
      data: Buffer.from(lines.join("\n")),
      mediaType: "text/markdown",
    });
    return { chapters: ctx.parts.length, empty: ctx.failures.length };
  });
