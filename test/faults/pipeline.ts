import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { definePipeline, PermanentError } from "millrace";
import { z } from "zod";

const log = process.env.FAULTS_LOG!;

/** A step does what its file says: `sleep 300`, `block 13000`, `die`, `ignore`, `permanent`, `fail`. */
export const faults = definePipeline({
  name: "faults",
  version: 1,
  title: "Faults",
  accepts: { mediaTypes: ["*"], maxFiles: 1_000 },
  options: z.object({ note: z.string().default("") }),
  queueLimit: 100_000,
}).each(
  "act",
  async (ctx) => {
    const [word, number] = (await ctx.read(ctx.file)).toString().trim().split(" ");
    const ms = Number(number ?? 0);
    record("start", ctx, word);
    if (word === "sleep") await sleep(ms, undefined, { signal: ctx.signal });
    if (word === "block") block(ms);
    if (word === "die") process.kill(process.pid, "SIGKILL");
    if (word === "ignore") await sleep(ms);
    if (word === "permanent") throw new PermanentError("undecodable_file", "This can never work.");
    if (word === "fail" && !existsSync(`${log}.healed`)) throw new Error("Not yet.");
    record("end", ctx, word);
    return word ?? "";
  },
  { concurrency: 4, cache: "never", timeoutMs: 60_000, backoff: { baseMs: 50, maxMs: 100 } },
);

/** A step with a short timeout. */
export const hasty = definePipeline({
  name: "hasty",
  version: 1,
  title: "Hasty",
  accepts: { mediaTypes: ["*"], maxFiles: 10 },
}).each(
  "act",
  async (ctx) => {
    record("start", ctx, "hasty");
    const [word, number] = (await ctx.read(ctx.file)).toString().trim().split(" ");
    await sleep(Number(number), undefined, word === "heed" ? { signal: ctx.signal } : {});
    return word ?? "";
  },
  { attempts: 1, timeoutMs: 500, cache: "never" },
);

/** A step that fails once, and is tried again after three seconds. */
export const patient = definePipeline({
  name: "patient",
  version: 1,
  title: "Patient",
  accepts: { mediaTypes: ["*"], maxFiles: 10 },
}).each(
  "act",
  async (ctx) => {
    record("start", ctx, "patient");
    if (ctx.attempt === 1) throw new Error("Not yet.");
    return "";
  },
  { cache: "never", backoff: { baseMs: 3_000, maxMs: 3_000 } },
);

// Makes one worker terminate before it can have claimed anything; only once.
if (process.env.FAULTS_TERMINATE && process.argv.includes("worker") && !existsSync(`${log}.terminated`)) {
  appendFileSync(`${log}.terminated`, "");
  process.kill(process.pid, "SIGTERM");
}

/** One line in the log that the test reads. */
function record(
  what: "start" | "end",
  ctx: { jobId: string; index: number; attempt: number },
  word: string | undefined,
): void {
  const { jobId, index, attempt } = ctx;
  appendFileSync(log, `${what} ${jobId} ${index} ${word} ${attempt} ${Date.now()} ${process.pid}\n`);
}

function block(ms: number): void {
  const end = Date.now() + ms;
  while (Date.now() < end);
}
