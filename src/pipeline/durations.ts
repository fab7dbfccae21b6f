import { setTimeout as sleep } from "node:timers/promises";

/** A timer of Node that is set for longer fires at once (2^31 - 1 ms, about 24.8 days). */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Nothing is kept, or put off, for longer: ten years. */
export const LONGEST_MS = 3_650 * 24 * 3_600_000;

/** A duration that a pipeline names; throws when it is out of bounds. */
export function duration(ms: number, what: string, bounds: { min: number; max: number }): number {
  const { min, max } = bounds;
  if (ms >= min && ms <= max) return ms;
  throw new TypeError(`${what} must be a number of milliseconds from ${min} to ${max}, not ${ms}.`);
}

/** Waits, for longer than one timer can if it must. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let left = ms;
  for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS)
    await sleep(LONGEST_TIMER_MS, undefined, { signal });
  await sleep(left, undefined, { signal });
}
