/** A worker that may be stopped. */
export interface Candidate {
  name: string;
  /** Running tasks. `null` while it starts. */
  running: number | null;
  /** Start time, in ms of a monotonic clock. */
  startedAt: number;
}

/**
 * Chooses the workers to stop: those with the fewest running tasks first, and among equals the newest, whose caches are
 * the coldest. A starting worker counts as idle.
 */
export function chooseToEnd(workers: readonly Candidate[], count: number): string[] {
  return workers
    .toSorted((a, b) => (a.running ?? 0) - (b.running ?? 0) || b.startedAt - a.startedAt)
    .slice(0, Math.max(0, count))
    .map(({ name }) => name);
}
