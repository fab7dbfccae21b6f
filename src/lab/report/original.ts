import type { CellRecord } from "../records.ts";
import { queued } from "./groups.ts";

/*
 * Published figures of the two systems that this study repeats: the study of seven architectures, and the image service
 * whose thread pool collapsed.
 */

/** Successes of 16 users with 1, 2 and 4 workers, the same for every queue. There were none without a queue. */
const successesByWorkers: Record<number, number> = { 1: 4, 2: 6, 4: 8 };
const ORIGINAL_USERS = 16;

/** The image service: 10 threads at 30 s each, a queue of 25, then the calling thread. */
export const firstSystem = {
  threads: 10,
  queue: 25,
  serviceSeconds: 30,
  /** 10 threads / 30 s. */
  perSecond: 0.33,
  /** 10 threads + a queue of 25. */
  inFlight: 35,
  /** Rate at which the web server went down. */
  collapseAtPerSecond: 1.16,
  /** Estimated, after a queue was added. */
  acceptsPerSecond: 850,
  /** Measured with 120 clients. */
  acceptP95Ms: 4.72,
  /** Accepted requests divided by completed ones at the collapse. */
  claimedFactor: 730,
};

/** The original's success rate for such a cell. `null` if it had none. */
export function originalSuccesses({ architecture, workers, loop }: CellRecord): number | null {
  if (architecture === null || loop !== "poll") return null;
  const found = successesByWorkers[workers];
  if (found === undefined) return null;
  return queued.includes(architecture) ? found / ORIGINAL_USERS : 0;
}

/** Threads and queue length of a variant such as `pool 10, queue 25`. */
export function poolOf(variant: string | null): { threads: number; queue: number } | null {
  const [, threads, queue] = /pool (\d+), queue (\d+)/.exec(variant ?? "") ?? [];
  return threads === undefined ? null : { threads: Number(threads), queue: Number(queue) };
}
