import { timesOf } from "../figures.ts";
import type { RequestRecord } from "../records.ts";
import { percentile } from "../statistics.ts";
import { durationOf, usersAt } from "./arrivals.ts";
import type { Profile } from "./profiles.ts";
import { clock, ms } from "./text.ts";

/** Live status of a load test. */
export interface Live {
  sent(): void;
  ended(record: RequestRecord): void;
  /** One line of status. Times cover requests that ended since the previous line. */
  line(atMs: number): string;
}

const BAR_WIDTH = 16;

export function createLive({ stages }: Profile): Live {
  const totalMs = durationOf(stages);
  const counts = { sent: 0, ok: 0, ended: 0 };
  let recent: RequestRecord[] = [];
  return {
    sent() {
      counts.sent++;
    },
    ended(record) {
      counts.ended++;
      if (record.outcome === "ok") counts.ok++;
      recent.push(record);
    },
    line(atMs) {
      const share = Math.min(1, atMs / totalMs);
      const done = Math.round(share * BAR_WIDTH);
      const p95 = (name: "accept" | "total") => {
        const times = timesOf(recent, name);
        return times.length === 0 ? "–" : ms(percentile(times, 0.95));
      };
      const parts = [
        `${clock(atMs)}/${clock(totalMs)} ${"█".repeat(done)}${"░".repeat(BAR_WIDTH - done)}`,
        `${Math.round(usersAt(stages, atMs))} users`,
        `${counts.sent} sent`,
        `${counts.ok} ok`,
        `${counts.ended - counts.ok} failed`,
        `${counts.sent - counts.ended} in flight`,
        `p95 accept ${p95("accept")} total ${p95("total")}`,
      ];
      recent = [];
      return parts.join("  ");
    },
  };
}
