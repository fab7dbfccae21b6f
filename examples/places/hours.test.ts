import { expect, test } from "vitest";
import { isOpen, parseHours } from "./hours.ts";

/** Time in Seoul (UTC+9). 2026-03-02 is a Monday. */
const at = (text: string) => new Date(`${text}:00+09:00`);

test.each([
  ["24/7", "2026-03-02T03:00", true],
  ["Tu-Su 09:00-18:00", "2026-03-02T12:00", false],
  ["Tu-Su 09:00-18:00", "2026-03-03T08:59", false],
  ["Tu-Su 09:00-18:00", "2026-03-03T09:00", true],
  ["Tu-Su 09:00-18:00", "2026-03-03T18:00", false],
  ["10:00-20:00; Mo off", "2026-03-02T12:00", false],
  ["10:00-20:00; Mo off", "2026-03-08T12:00", true],
  ["Mo,We 09:00-12:00,13:00-17:00", "2026-03-04T12:30", false],
  ["Mo,We 09:00-12:00,13:00-17:00", "2026-03-04T13:00", true],
  ["Fr-Mo 10:00-18:00", "2026-03-02T12:00", true],
  // Past midnight, including Sunday to Monday.
  ["Su 22:00-02:00", "2026-03-02T01:59", true],
  ["Su 22:00-02:00", "2026-03-02T02:00", false],
  ["Su 22:00-02:00", "2026-03-02T22:30", false],
])("%s at %s: %s", (hours, time, expected) => {
  expect(isOpen(hours, at(time))).toBe(expected);
});

test("nobody knows whether a place without hours is open", () => {
  expect(isOpen(null, new Date())).toBeNull();
});

test.each(["", "always", "Mo-Xx 09:00-18:00", "9-18", "Mo 09:00-09:75", "Mo 25:00-26:00", "Mo 09:00"])(
  "%s is refused",
  (text) => {
    expect(parseHours(text)).toBeNull();
  },
);
