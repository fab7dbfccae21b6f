import { useQuery } from "@tanstack/react-query";
import { client } from "../api/client.ts";

export const ranges = ["15m", "1h", "6h", "24h", "7d"] as const;
export type Range = (typeof ranges)[number];

const minuteMs = 60_000;
const lengths: Record<Range, number> = {
  "15m": 15 * minuteMs,
  "1h": 60 * minuteMs,
  "6h": 360 * minuteMs,
  "24h": 1_440 * minuteMs,
  "7d": 7 * 1_440 * minuteMs,
};

export function isRange(text: string): text is Range {
  return ranges.some((range) => range === text);
}

/** History of all queues, or of one. Each minute is added when it is over. */
export function useHistory(range: Range, queue: string) {
  return useQuery({
    queryKey: ["console", "history", range, queue],
    queryFn: ({ signal }) => {
      const now = Date.now();
      const asked = { from: new Date(now - lengths[range]).toISOString(), to: new Date(now).toISOString() };
      return client.admin.history({ ...asked, ...(queue && { queue }) }, { signal });
    },
    placeholderData: (before) => before,
    // The live stream does not cover history, which changes by the minute.
    refetchInterval: range === "7d" || range === "24h" ? 5 * minuteMs : minuteMs / 2,
  });
}
