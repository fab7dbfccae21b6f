import { expect, test } from "vitest";
import { checkTiming, lastUpTo, nextAfter, nextTimes } from "./timing.ts";

const at = (text: string) => Date.parse(text);
const iso = (time: number | null) => time && new Date(time).toISOString();
const berlin = (cron: string) => ({ cron, timeZone: "Europe/Berlin" });

test("a cron expression is read in its time zone", () => {
  expect(iso(nextAfter(berlin("0 8 * * 1-5"), at("2026-01-02T12:00:00Z")))).toBe("2026-01-05T07:00:00.000Z");
  expect(iso(nextAfter(berlin("0 8 * * 1-5"), at("2026-07-03T12:00:00Z")))).toBe("2026-07-06T06:00:00.000Z");
});

test("a daily time that the clock leaps over in spring comes as it leaps", () => {
  // 02:30 does not exist in Berlin on 29 March 2026: the clock jumps from 02:00 to 03:00.
  const times = nextTimes(berlin("30 2 * * *"), at("2026-03-28T01:30:00Z"), 3).map(iso);
  expect(times).toEqual(["2026-03-28T01:30:00.000Z", "2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"]);
});

test("a daily time that comes twice in autumn is due once", () => {
  // 02:30 occurs at 00:30 and at 01:30 UTC on 25 October 2026.
  const times = nextTimes(berlin("30 2 * * *"), at("2026-10-24T00:30:00Z"), 3);
  expect(times.map((time) => new Date(time).toISOString().slice(0, 10))).toEqual([
    "2026-10-24",
    "2026-10-25",
    "2026-10-26",
  ]);
});

test("what is due each hour is due 25 times on the day of 25 hours, and 23 times on that of 23", () => {
  const hours = (from: string, to: string) => {
    let count = 0;
    for (let time = at(from) - 1; ; count++) {
      time = nextAfter(berlin("0 * * * *"), time)!;
      if (time >= at(to)) return count;
    }
  };
  expect(hours("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")).toBe(25);
  expect(hours("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")).toBe(23);
});

test("after an outage over a change of the clock, the last due time is found", () => {
  const daily = berlin("30 2 * * *");
  expect(iso(lastUpTo(daily, at("2026-03-27T01:30:00Z"), at("2026-04-02T12:00:00Z")))).toBe(
    "2026-04-02T00:30:00.000Z",
  );
  expect(iso(lastUpTo(daily, at("2026-03-27T01:30:00Z"), at("2026-03-27T01:30:00Z")))).toBe(
    "2026-03-27T01:30:00.000Z",
  );
  expect(iso(lastUpTo(daily, at("2026-03-27T01:30:00Z"), at("2026-03-27T01:30:00.500Z")))).toBe(
    "2026-03-27T01:30:00.000Z",
  );
});

test("an interval keeps its beat, however late somebody looks", () => {
  const every = { everySeconds: 10 };
  expect(nextAfter(every, 5_000)).toBe(15_000);
  expect(lastUpTo(every, 15_000, 15_000)).toBe(15_000);
  expect(lastUpTo(every, 15_000, 58_000)).toBe(55_000);
  expect(nextTimes(every, 15_000, 5)).toEqual([15_000, 25_000, 35_000, 45_000, 55_000]);
});

test.each([
  [{ cron: "0 25 * * *", timeZone: "UTC" }, /^cron: /],
  [{ cron: "every day", timeZone: "UTC" }, /^cron: /],
  [{ cron: "0 0 30 2 *", timeZone: "UTC" }, /^cron: is never due/],
  [{ cron: "0 0 * * *", timeZone: "Mars/Olympus" }, /^timeZone: "Mars\/Olympus"/],
  [{ everySeconds: 0 }, /^everySeconds: must be a whole number from 1 to/],
  [{ everySeconds: 1.5 }, /^everySeconds: must be a whole number/],
])("%j is refused, and the field is named", (timing, message) => {
  expect(() => checkTiming(timing, Date.now())).toThrow(message);
});
