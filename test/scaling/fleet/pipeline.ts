import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { definePipeline } from "../../../src/pipeline/pipeline.ts";

/** Records what the steps of this process do: how late they started, and how many ended. */
export interface Tally {
  /** Time from submission to start, in ms. */
  waits: number[];
  ended: number;
}

/** A step that waits, like one that calls another service: half to one and a half times `ms`. */
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
