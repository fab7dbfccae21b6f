import { expect, test } from "vitest";
import { z } from "zod";
import { boundedList, boundedValue, jsonFault } from "./json-bounds.ts";

test("values and levels are counted", () => {
  expect(jsonFault(Array.from({ length: 9_999 }, () => 1))).toBeNull();
  expect(jsonFault({ a: Array.from({ length: 9_999 }, () => 1) })).toMatch(/more than 10000 values/);
  let deep: unknown = 1;
  for (let level = 0; level < 64; level++) deep = [deep];
  expect(jsonFault(deep)).toBeNull();
  expect(jsonFault([deep])).toMatch(/more than 64 levels/);
});

const list = boundedList(z.strictObject({ data: boundedValue }), 3);

test("a list is counted before its entries are looked at, and each entry is looked at once", () => {
  let looks = 0;
  const entry = Object.defineProperty({}, "data", { enumerable: true, get: () => looks++ });
  expect(list.safeParse([entry, entry]).success).toBe(true);
  expect(looks).toBe(2);
  expect(list.safeParse([entry, entry, entry, entry]).error!.issues[0]!.message).toMatch(
    /more than 3 entries/,
  );
  expect(looks).toBe(2);
});

test("the first faults are told with their paths", () => {
  const issues = list.safeParse([{ data: 1 }, { date: 1 }, 5]).error!.issues;
  expect(issues.map(({ path }) => path[0])).toEqual([1, 2]);
  expect(list.safeParse({}).error!.issues).toMatchObject([{ path: [], message: "must be a list" }]);
});

test("a list is described as what it holds", () => {
  expect(z.toJSONSchema(list)).toMatchObject({
    type: "array",
    maxItems: 3,
    items: { type: "object", properties: { data: {} } },
  });
});
