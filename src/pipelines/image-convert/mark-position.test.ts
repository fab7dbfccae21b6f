import { expect, test } from "vitest";
import { cornerOf, marginOf } from "./mark-position.ts";

const picture = { width: 1000, height: 500 };
const mark = { width: 200, height: 100 };

test.each([
  ["top-left", { left: 10, top: 10 }],
  ["top", { left: 400, top: 10 }],
  ["right", { left: 790, top: 200 }],
  ["center", { left: 400, top: 200 }],
  ["bottom-right", { left: 790, top: 390 }],
] as const)("%s", (position, corner) => expect(cornerOf(mark, picture, position)).toEqual(corner));

test("a picture of a few pixels has no margin to spare", () => {
  expect([1, 2, 3, 40, 200].map((side) => marginOf({ width: 1_000, height: side }))).toEqual([0, 0, 1, 1, 4]);
});
