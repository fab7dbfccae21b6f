/**
 * Exponential backoff with full jitter over its upper half:
 * attempt 1 waits base/2..base, attempt 2 base..2*base, and so on up to `maxMs`.
 * @param random a number in [0, 1)
 */
export function backoffMs(
  attempt: number,
  backoff: { baseMs: number; maxMs: number },
  random: number,
): number {
  const ceiling = Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
