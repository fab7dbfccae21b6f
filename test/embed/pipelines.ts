import { definePipeline } from "millrace";
import { z } from "zod";

export const shout = definePipeline({
  name: "shout",
  version: 1,
  title: "Shout",
  accepts: { mediaTypes: ["text/plain"] },
  options: z.object({ mark: z.string() }),
}).each("upper", async (ctx) => {
  const data = Buffer.from((await ctx.read(ctx.file)).toString().toUpperCase() + ctx.options.mark);
  await ctx.write({ name: ctx.name, data, mediaType: "text/plain" });
  return { characters: data.length };
});

export const add = definePipeline({
  name: "add",
  version: 1,
  title: "Add",
  options: z.object({ numbers: z.array(z.number()) }),
})
  .each("check", (ctx) => ctx.options.numbers.length)
  .all("sum", (ctx) => ({ sum: ctx.options.numbers.reduce((sum, n) => sum + n, 0), pid: process.pid }));

export const greet = definePipeline({
  name: "greet",
  version: 1,
  title: "Greet",
  accepts: { data: z.object({ name: z.string() }), maxItems: 100 },
}).each("greet", ({ data }) => `Hello, ${data.name}!`);
