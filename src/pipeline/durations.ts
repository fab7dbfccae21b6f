import { setTimeout as sleep } from "node:timers/promises";

/** Longest delay of a Node timer (2^31 - 1 ms, about 24.8 days); with a longer one it fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** The longest retention or delay: ten years. */
export const LONGEST_MS = 3_650 * 24 * 3_600_000;

/** Checks a duration given by a pipeline; throws if it is out of bounds. */
export function duration(ms: number, what: string, bounds: { min: number; max: number }): number {
  const { min, max } = bounds;
  if (ms >= min && ms <= max) return ms;
  throw new TypeError(`${what} must be a number of milliseconds from ${min} to ${max}, not ${ms}.`);
}

/** Waits for any duration, with several timers if it exceeds the limit of one. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let left = ms;
  for (; left > LONGEST_TIMER_MS; left -= LONGEST_TIMER_MS)
    await sleep(LONGEST_TIMER_MS, undefined, { signal });
  await sleep(left, undefined, { signal });
}
