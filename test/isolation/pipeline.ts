import { spawn } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { definePipeline } from "millrace";
import { z } from "zod";

/** What a step does is what its file says; where it writes of it, the job's option. */
export const acts = definePipeline({
  name: "acts",
  version: 1,
  title: "Acts",
  accepts: { mediaTypes: ["*"], maxFiles: 100 },
  options: z.object({ log: z.string() }),
}).each(
  "act",
  async (ctx) => {
    const [word, number] = (await ctx.read(ctx.file)).toString().trim().split(" ");
    const say = (what: string) =>
      appendFileSync(ctx.options.log, `${what} ${word} ${ctx.attempt} ${process.pid} ${Date.now()}\n`);
    say("start");
    if (word === "spin") {
      spawn("sleep", ["300"], { stdio: "ignore" });
      for (;;);
    }
    // The first attempt never ends, the second sees whether it has.
    if (word === "hang" && ctx.attempt === 1) for (;;);
    if (word === "hang") say(`first-${firstRuns(ctx.options.log) ? "runs" : "ended"}`);
    if (word === "crash") process.kill(process.pid, "SIGSEGV");
    if (word === "sleep") await new Promise((resolve) => setTimeout(resolve, Number(number)));
    if (word === "grow") {
      const held: Buffer[] = [];
      for (;;) held.push(Buffer.alloc(8_000_000, held.length));
    }
    say("end");
    return word ?? "";
  },
  {
    concurrency: 4,
    cache: "never",
    timeoutMs: 3_000,
    attempts: 2,
    backoff: { baseMs: 50, maxMs: 100 },
    isolate: { memoryMiB: 200 },
  },
);

function firstRuns(log: string): boolean {
  const pid = /^start hang 1 (\d+)/m.exec(readFileSync(log, "utf8"))![1]!;
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}
