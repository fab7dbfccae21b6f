import { expect, test } from "vitest";
import { initialTiming, intervalOf, timingOf } from "./timing.ts";

const draft = { ...initialTiming(), timeZone: "Asia/Seoul" };

test("what was typed becomes a timing, or nothing while something is missing", () => {
  expect(timingOf({ ...draft, cron: " 30 2 * * 1-5 " })).toEqual({
    cron: "30 2 * * 1-5",
    timeZone: "Asia/Seoul",
  });
  expect(timingOf({ ...draft, timeZone: " " })).toMatchObject({ timeZone: "UTC" });
  expect(timingOf({ ...draft, cron: " " })).toBeNull();
  expect(timingOf({ ...draft, kind: "interval", every: "2", unit: "hours" })).toEqual({
    everySeconds: 7_200,
  });
  for (const every of ["", "two"]) expect(timingOf({ ...draft, kind: "interval", every })).toBeNull();
});

test("an interval is shown in the largest unit that it is whole in", () => {
  expect(intervalOf(90)).toEqual({ count: 90, unit: "seconds" });
  expect(intervalOf(120)).toEqual({ count: 2, unit: "minutes" });
  expect(intervalOf(86_400)).toEqual({ count: 1, unit: "days" });
});
