const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Delay before each attempt, counted from the previous one, in ms. */
export const TRY_DELAYS = [0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 10 * HOUR];

/** Keeps deliveries that failed together from being retried together. */
const JITTER = 0.1;

/**
 * Delay before the next attempt, in ms. `null` if none is left.
 * @param random 0 to 1
 */
export function nextTryMs(
  tries: number,
  random: number,
  delays: readonly number[] = TRY_DELAYS,
): number | null {
  const delay = delays[tries];
  return delay === undefined ? null : Math.round(delay * (1 + JITTER * random));
}
