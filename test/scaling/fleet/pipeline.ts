import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { definePipeline } from "../../../src/pipeline/pipeline.ts";

/** Counts what the steps of this process do: when they began after they were due, and how many ended. */
export interface Tally {
  /** Milliseconds from handed in to started. */
  waits: number[];
  ended: number;
}

/** A step that waits, as one does that asks another service: half to one and a half times `ms`. */
export function waiting(tally: Tally) {
  return definePipeline({
    name: "scale.wait",
    version: 1,
    title: "Waiting",
    options: z.object({ dueAt: z.number(), ms: z.number() }),
    queueLimit: 10_000_000,
  }).each(
    "wait",
    async ({ options, signal }) => {
      tally.waits.push(Date.now() - options.dueAt);
      await sleep(options.ms * (0.5 + Math.random()), undefined, { signal });
      tally.ended++;
      return null;
    },
    { cache: "never", timeoutMs: 600_000 },
  );
}
