import { appendFileSync } from "node:fs";
import { definePipeline, type EachContext } from "millrace";
import { z } from "zod";

const accepts = { mediaTypes: ["*"], maxFiles: 100 };
const options = z.object({ log: z.string() });
type Context = EachContext<z.output<typeof options>, null>;

/** The file says how much memory to reserve, in MiB, and for how long, in ms. */
async function hold(ctx: Context): Promise<void> {
  const [mib, ms] = (await ctx.read(ctx.file)).toString().split(" ").map(Number);
  const say = (what: string) => appendFileSync(ctx.options.log, `${what} ${ctx.index} ${mib}\n`);
  say("ask");
  await ctx.reserveMemory(mib! * 1024 * 1024);
  say("get");
  await new Promise((resolve) => setTimeout(resolve, ms));
  say("end");
}

const settings = { concurrency: 4, cache: "never", attempts: 1, timeoutMs: 8_000 } as const;
const isolate = { memoryMiB: 400 };

export const apart = definePipeline({ name: "apart", version: 1, title: "Apart", accepts, options }).each(
  "hold",
  hold,
  { ...settings, isolate },
);
export const within = definePipeline({ name: "within", version: 1, title: "Within", accepts, options }).each(
  "hold",
  hold,
  settings,
);
