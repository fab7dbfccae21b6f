export interface ScaleRange {
  min: number;
  max: number;
}

export interface Follower {
  /** How many workers should run. @param wanted the current demand */
  next(wanted: number, now: number): number;
}

/**
 * Scales up right away, but down only to the highest demand of the last `downMs`, so that workers are not stopped and
 * restarted when work comes in waves. Times are in ms of any monotonic clock.
 */
export function followDemand({ min, max }: ScaleRange, downMs: number): Follower {
  let seen: { at: number; wanted: number }[] = [];
  return {
    next(wanted, now) {
      // Earlier entries with less demand than this one no longer matter.
      seen = seen.filter((one) => one.wanted > wanted && now - one.at < downMs);
      seen.push({ at: now, wanted });
      return Math.min(max, Math.max(min, seen[0]!.wanted));
    },
  };
}
