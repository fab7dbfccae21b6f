const { PLACES_SOURCE, PLACES_SOURCE_PER_MINUTE = "60", PLACES_SYNC_SECONDS = "900" } = process.env;

/** Settings of the outside source. */
export const source = {
  /** `null` if there is none. */
  url: PLACES_SOURCE ?? null,
  /** Requests per minute, for all workers together. */
  perMinute: Number(PLACES_SOURCE_PER_MINUTE),
  /** Interval between imports. */
  everySeconds: Number(PLACES_SYNC_SECONDS),
} as const;
