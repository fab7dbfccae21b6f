import { spawn } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { definePipeline, type EachContext, PermanentError } from "millrace";
import { z } from "zod";

const accepts = { mediaTypes: ["*"], maxFiles: 100 };
const options = z.object({ log: z.string() });
type Context = EachContext<z.output<typeof options>, null>;

/** Does what the step's file says, and records it in the file that the job's option names. */
async function act(ctx: Context): Promise<string> {
  const [word, number] = (await ctx.read(ctx.file)).toString().trim().split(" ");
  const say = (what: string) =>
    appendFileSync(ctx.options.log, `${what} ${word} ${ctx.attempt} ${process.pid} ${Date.now()}\n`);
  say("start");
  if (word === "spin") {
    spawn("sleep", ["300"], { stdio: "ignore" });
    for (;;);
  }
  // The first attempt never ends; the second checks whether it was killed.
  if (word === "hang" && ctx.attempt === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (word === "hang") say(`first-${firstRuns(ctx.options.log) ? "runs" : "ended"}`);
  if (word === "crash") process.kill(process.pid, "SIGSEGV");
  if (word === "sleep") await new Promise((resolve) => setTimeout(resolve, Number(number)));
  if (word === "grow") {
    const held: Buffer[] = [];
    for (;;) held.push(Buffer.alloc(8_000_000, held.length));
  }
  say("end");
  return word ?? "";
}

function firstRuns(log: string): boolean {
  const pid = /^start hang 1 (\d+)/m.exec(readFileSync(log, "utf8"))![1]!;
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

const settings = {
  concurrency: 4,
  cache: "never",
  attempts: 2,
  backoff: { baseMs: 50, maxMs: 100 },
  isolate: { memoryMiB: 200 },
} as const;

export const acts = definePipeline({ name: "acts", version: 1, title: "Acts", accepts, options })
  .each("act", act, settings)
  .all(
    "sum",
    async (ctx) => {
      const words: string[] = [];
      for await (const { result } of ctx.items) words.push(result);
      return { words, items: ctx.items.length, failures: await Array.fromAsync(ctx.failures) };
    },
    settings,
  );

/** A step with a short timeout. */
export const hasty = definePipeline({ name: "hasty", version: 1, title: "Hasty", accepts, options }).each(
  "act",
  act,
  { ...settings, timeoutMs: 3_000 },
);

/** Splits one item into parts, with each step in a separate process. */
export const pages = definePipeline({ name: "pages", version: 1, title: "Pages", accepts, options })
  .split(
    "split",
    async function* (ctx) {
      for (const word of (await ctx.read(ctx.file)).toString().split(" ")) {
        const file = await ctx.write({ name: "word.txt", data: Buffer.from(word), mediaType: "text/plain" });
        yield { data: { word }, files: [file] };
      }
    },
    { isolate: settings.isolate },
  )
  .each(
    "read",
    async (ctx) => {
      const text = (await ctx.read(ctx.inputs[0]!)).toString();
      await ctx.write({ extension: "up", data: Buffer.from(text.toUpperCase()), mediaType: "text/plain" });
      if (text === "bad") throw new PermanentError("undecodable_file", "It is bad.");
      return { text, part: ctx.part.index, of: ctx.part.total, data: ctx.part.data.word };
    },
    settings,
  )
  .join(
    "join",
    async (ctx) => ({
      parts: await Array.fromAsync(ctx.parts, async ({ outputs, result }) => [
        (await ctx.read(outputs[0]!)).toString(),
        result,
      ]),
      failures: await Array.fromAsync(ctx.failures, ({ data, code }) => [data.word, code]),
    }),
    settings,
  );
