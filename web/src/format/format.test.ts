import { describe, expect, test } from "vitest";
import {
  formatBytes,
  formatDueTime,
  formatDuration,
  formatLimit,
  formatPercent,
  formatRelative,
  sizeChange,
} from "./format.ts";

test("sizes", () => {
  expect(formatBytes(0, "en")).toBe("0 B");
  expect(formatBytes(999, "en")).toBe("999 B");
  expect(formatBytes(1_000, "en")).toBe("1 kB");
  expect(formatBytes(20_000_000, "en")).toBe("20 MB");
  expect(formatBytes(1_500_000, "en")).toBe("1.5 MB");
  expect(formatBytes(999_600, "en")).toBe("1 MB");
  expect(formatBytes(5 * 1_000 ** 4, "ko")).toBe("5 TB");
  expect(formatLimit(20 * 1024 * 1024, "en")).toBe("20 MiB");
  expect(formatLimit(20_000_000, "en")).toBe("20 MB");
});

test("percent never claims the end too early", () => {
  expect(formatPercent(0.999, "en")).toBe("99%");
  expect(formatPercent(1, "en")).toBe("100%");
  expect(formatPercent(0.256, "en")).toBe("26%");
});

test("saved bytes", () => {
  expect(sizeChange(1_000, 250)).toEqual({ kind: "smaller", percent: 75 });
  expect(sizeChange(1_000, 1)).toEqual({ kind: "smaller", percent: 99 });
  expect(sizeChange(1_000, 0)).toEqual({ kind: "smaller", percent: 100 });
  expect(sizeChange(1_000, 1_001)).toEqual({ kind: "same" });
  expect(sizeChange(1_000, 1_500)).toEqual({ kind: "larger", percent: 50 });
  expect(sizeChange(1_000, 77_770)).toEqual({ kind: "times", times: 78 });
  expect(sizeChange(0, 10)).toBeNull();
});

describe("time spans", () => {
  test.each([
    [0, "0 sec"],
    [2.34, "2.3 sec"],
    [12.4, "12 sec"],
    [59.7, "1 min"],
    [80, "1 min 20 sec"],
    [7_500, "2 hr 5 min"],
    [86_400 * 6, "6 days"],
  ])("%d s", (seconds, text) => expect(formatDuration(seconds, "en")).toBe(text));

  test("in Korean", () => expect(formatDuration(80, "ko")).toBe("1분 20초"));
});

test("relative times", () => {
  const now = Date.UTC(2026, 0, 10);
  const at = (ms: number) => new Date(now + ms).toISOString();
  expect(formatRelative(at(-10_000), now, "en")).toBe("now");
  expect(formatRelative(at(-180_000), now, "en")).toBe("3 minutes ago");
  expect(formatRelative(at(6 * 86_400_000), now, "en")).toBe("in 6 days");
  expect(formatRelative(at(-86_400_000), now, "ko")).toBe("어제");
});

test("due times are told in their zone, with seconds where there are any", () => {
  const time = "2026-11-29T17:30:00Z";
  expect(formatDueTime(time, "en", "Asia/Seoul")).toMatch(/^Mon, Nov 30, 2026, 2:30\sAM GMT\+9$/);
  expect(formatDueTime("2026-11-29T17:30:05Z", "en", "UTC")).toMatch(/^Sun, Nov 29, 2026, 5:30:05\sPM UTC$/);
});
