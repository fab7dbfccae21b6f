/**
 * Counts the words of text files: of each file, then of all together.
 *
 *   millrace start --pipelines examples/word-count.ts
 *   curl -F pipeline=word-count -F 'options={"top": 5}' -F files=@README.md http://127.0.0.1:8080/v1/jobs
 */
import { definePipeline, PermanentError } from "millrace";
import { z } from "zod";

/** Served as JSON Schema: the page generates a form from it, and the server rejects jobs with invalid options. */
const options = z.object({
  top: z.int().min(1).max(100).default(10).meta({ title: "Top", description: "How many words to list." }),
  minLength: z.int().min(1).max(20).default(4).meta({
    title: "Shortest word",
    description: "Shorter words are counted, but not listed.",
  }),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]+)*$/)
    .default("en")
    .meta({
      title: "Language",
      description: "Decides where words begin and end: en, ko, ja, …",
    }),
});

export const wordCount = definePipeline({
  name: "word-count",
  version: 1,
  title: "Count words",
  description: "The words of each text file, and the most frequent ones of all.",
  accepts: { mediaTypes: ["text/plain"], minFiles: 1, maxFiles: 200, maxFileBytes: 5 * 1024 * 1024 },
  options,
})
  // Runs once per file, in parallel. The result is stored as JSON and cached: the same file with the same options
  // is counted only once.
  .each("count", async (ctx) => {
    const text = (await ctx.read(ctx.file)).toString("utf8");
    const counts: Record<string, number> = Object.create(null);
    let words = 0;
    for (const { segment, isWordLike } of new Intl.Segmenter(ctx.options.language, {
      granularity: "word",
    }).segment(text)) {
      if (!isWordLike) continue;
      const word = segment.toLocaleLowerCase(ctx.options.language);
      counts[word] = (counts[word] ?? 0) + 1;
      words++;
    }
    // A permanent error, because a retry cannot help: this file fails, and the others continue.
    if (words === 0) throw new PermanentError("undecodable_file", "There are no words in this file.");
    return { words, counts };
  })
  // Runs once, when every file has ended. `ctx.items` are the successful ones, typed with the result above. They
  // are read one after the other, so that any number of files fits in memory.
  .all("total", async (ctx) => {
    const counts = new Map<string, number>();
    let words = 0;
    for await (const { result } of ctx.items) {
      words += result.words;
      for (const [word, count] of Object.entries(result.counts)) {
        counts.set(word, (counts.get(word) ?? 0) + count);
      }
    }
    const top = [...counts]
      .filter(([word]) => word.length >= ctx.options.minLength)
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, ctx.options.top)
      .map(([word, count]) => ({ word, count }));
    const rows = top.map(({ word, count }) => `${word},${count}\n`);
    await ctx.write({
      name: "words.csv",
      data: Buffer.from(`word,count\n${rows.join("")}`),
      mediaType: "text/csv",
    });
    // The job's own result.
    return {
      files: ctx.items.length,
      failed: await Array.fromAsync(ctx.failures, ({ name }) => name),
      words,
      different: counts.size,
      top,
    };
  });
