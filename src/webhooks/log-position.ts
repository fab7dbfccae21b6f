import type { Store } from "../ports/store/store.ts";

/** Events of the same moment may be out of order. */
const MARGIN = 100;

/**
 * Finds a position in an owner's log before all events since a given time. A few earlier events may follow it, so
 * callers must check timestamps. Uses binary search, because timestamps grow with sequence numbers.
 */
export async function positionAt(
  store: Pick<Store, "events" | "logBounds">,
  owner: string,
  time: number,
): Promise<number> {
  const { first, last } = await store.logBounds({ owner });
  const dated = async (seq: number) => (await store.events({ owner, after: seq - 1, limit: 1 }))[0]?.at ?? 0;
  if (last === 0 || (await dated(last)) < time) return last;
  // Invariant: the event at `low` is older than `time`, the one after `high` is not.
  let low = Math.max(0, first - 1);
  let high = last - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((await dated(middle)) < time) low = middle;
    else high = middle - 1;
  }
  return Math.max(0, low - MARGIN);
}
