import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test.each([
  ["prot", "port"],
  ["PORT", "port"],
  ["file", "files"],
  ["f", null],
  ["something", null],
  ["port".repeat(100_000), null],
])("%.10s may mean %s", (name, meant) => {
  expect(nearest(name, ["files", "port", "host"])).toBe(meant);
});
