/**
 * Booked turns are a plan; a provider counts when calls actually arrive. Its window tolerates about a second of
 * deviation. Calls that start later bunch together with those on time, and so do calls whose turns were booked before a
 * provider lowered its limit. While that can happen, each call also books its start, in a budget of starts. This spaces
 * calls again, slightly faster than turns are booked, so that no backlog builds up.
 */

/** A start that is later than its turn by more than this is off schedule. */
export const LATE_MS = 1_000;
/** How long starts are booked after such a start: the longest that a provider's window remembers it. */
export const SPACED_MS = 60_000;
/** Fraction of the limit: above what turns use, and below 1, because calls do not arrive exactly as they start. */
export const STARTED = 0.985;

/** Whether a call books its start. @param spacedMs for how much longer all calls do so */
export function mustSpace(lateMs: number, spacedMs: number): boolean {
  return spacedMs > 0 || lateMs > LATE_MS;
}

/** How long a start makes all calls book theirs, ms. @param lateMs how much later than its turn it comes */
export function spacedFor(lateMs: number): number {
  return lateMs > LATE_MS ? SPACED_MS : 0;
}
