import { expect, test } from "vitest";
import { readTable, tableColumns, tableRows } from "./table.ts";

const whole = { isWhole: true, isTabbed: false };

test("a CSV is a head and rows, quotes and line breaks in cells included", () => {
  const text = 'name,said\nAda,"Hello,\nworld"\n\nBo,"""so"""\n';
  expect(readTable(text, whole)).toEqual({
    head: ["name", "said"],
    rows: [
      ["Ada", "Hello,\nworld"],
      ["Bo", '"so"'],
    ],
    hasMore: false,
  });
  expect(readTable("a\tb\n1\t2", { isWhole: true, isTabbed: true })!.rows).toEqual([["1", "2"]]);
});

test("only so many rows and columns are shown, and no half of a row", () => {
  const wide = Array.from({ length: tableColumns + 5 }, (_, n) => n).join();
  const long = Array.from({ length: tableRows + 50 }, () => wide).join("\n");
  const table = readTable(long, whole)!;
  expect([table.head.length, table.rows.length, table.hasMore]).toEqual([tableColumns, tableRows, true]);
  expect(readTable("a,b\n1,2\n3,", { isWhole: false, isTabbed: false })!.rows).toEqual([["1", "2"]]);
});

test("what is no table is none", () => {
  expect(readTable("", whole)).toBeNull();
  expect(readTable("a line of prose", whole)).toBeNull();
});
