import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { PermanentError } from "../../src/pipeline/control.ts";
import { definePipeline } from "../../src/pipeline/pipeline.ts";

/** File in which the steps record what they do, one short line at a time, which the system appends atomically. */
const log = process.env.CRASH_LOG;

const LONG_MS = 3_000;

/** The real time, even when the machine's clock is set while this process runs (see `clocks.ts`). */
function present(): number {
  return Math.round(performance.timeOrigin + performance.now());
}

function note(...words: (string | number)[]): void {
  if (log) appendFileSync(log, `${[...words, process.pid, present()].join(" ")}\n`);
}

/** Like `crashTest`, for one split item: a part is `index/part`, and the join is `index/join`. */
export const crashSplit = definePipeline({
  name: "crash.split",
  version: 1,
  title: "Crash test of parts",
  accepts: { mediaTypes: ["*"], minFiles: 1 },
  options: z.object({ parts: z.number().int().min(1).max(10_000), ms: z.number().default(100) }),
})
  .split("split", (ctx) => Array.from({ length: ctx.options.parts }, (_, page) => ({ data: { page } })), {
    attempts: 20,
  })
  .each(
    "page",
    async (ctx) => {
      const self = [ctx.jobId, `${ctx.index}/${ctx.part.index}`, ctx.attempt] as const;
      note("start", ...self);
      await sleep(ctx.options.ms * (0.5 + Math.random()), undefined, { signal: ctx.signal });
      const token = randomUUID();
      note("end", ...self, token);
      return { page: ctx.part.data.page, token };
    },
    { concurrency: 8, cache: "never", attempts: 20, backoff: { baseMs: 20, maxMs: 200 } },
  )
  .join(
    "join",
    async (ctx) => {
      const self = [ctx.jobId, `${ctx.index}/join`, ctx.attempt] as const;
      note("start", ...self);
      const tokens = await Array.fromAsync(ctx.parts, ({ result }) => [result.page, result.token] as const);
      const failures = await Array.fromAsync(ctx.failures, ({ index }) => index);
      note("end", ...self, randomUUID());
      return { tokens, failures };
    },
    { attempts: 20, backoff: { baseMs: 20, maxMs: 200 } },
  );
/** Started by each fan-in. It must exist exactly once for each successful one, and end. */
export const crashChild = definePipeline({
  name: "crash.child",
  version: 1,
  title: "Crash test: a job that a step starts",
  queueLimit: 1_000_000,
}).each("note", () => null, {
  cache: "never",
  concurrency: 8,
  attempts: 20,
  backoff: { baseMs: 20, maxMs: 200 },
});

/**
 * Steps long enough to be running when a kill comes, and a fan-in that counts what reached it. Every successful
 * attempt has a different token in its file, its result, and the log, so two tokens for one item prove that two
 * results were committed.
 */
export const crashTest = definePipeline({
  name: "crash.test",
  version: 1,
  title: "Crash test",
  accepts: { mediaTypes: ["*"], maxFiles: 200 },
  options: z.object({
    minMs: z.number().default(20),
    maxMs: z.number().default(200),
    /** Share of attempts that fail but may be retried. */
    failures: z.number().min(0).max(1).default(0),
    /** Share of attempts that fail for good. */
    broken: z.number().min(0).max(1).default(0),
    /** Share of attempts that take 3 s. */
    long: z.number().min(0).max(1).default(0),
  }),
  queueLimit: 1_000_000,
})
  .each(
    "work",
    async (ctx) => {
      const { minMs, maxMs, failures, broken, long } = ctx.options;
      const self = [ctx.jobId, ctx.index, ctx.attempt] as const;
      note("start", ...self);
      const ms = Math.random() < long ? LONG_MS : minMs + Math.random() * (maxMs - minMs);
      await sleep(ms, undefined, { signal: ctx.signal });
      const chance = Math.random();
      if (chance < failures + broken) note("fail", ...self);
      if (chance < broken) throw new PermanentError("step_failed", "broken by chance");
      if (chance < failures + broken) throw new Error("a failure by chance");
      const token = randomUUID();
      await ctx.write({ name: `${token}.txt`, data: Buffer.from(token), mediaType: "text/plain" });
      note("end", ...self, token);
      return token;
    },
    { concurrency: 8, cache: "never", attempts: 20, backoff: { baseMs: 20, maxMs: 200 } },
  )
  .all(
    "gather",
    async (ctx) => {
      await ctx.submit("child", crashChild);
      return {
        tokens: await Array.fromAsync(ctx.items, (item) => [item.index, item.result] as const),
        failures: await Array.fromAsync(ctx.failures, (item) => item.index),
      };
    },
    { attempts: 20, backoff: { baseMs: 20, maxMs: 200 } },
  );
