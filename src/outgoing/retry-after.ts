/** Longest pause that we accept. */
const LONGEST_MS = 10 * 3_600_000;

/**
 * Parses `Retry-After`. Returns ms, at most 10 h, or `undefined` if it is missing or malformed.
 * @param now ms since the epoch, for a header with a date
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? "";
  const isSeconds = /^\d{1,10}$/.test(text);
  const isTime = /^[a-z]{3}/i.test(text);
  const ms = isSeconds ? Number(text) * 1_000 : isTime ? Date.parse(text) - now : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_MS, Math.max(0, ms));
}
