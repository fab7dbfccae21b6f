import { expect, test } from "vitest";
import { optionsOf } from "./replay-options.ts";

test("only a JSON object changes the options; an empty field leaves them", () => {
  expect(optionsOf(' { "quality": 70 } ')).toEqual({ quality: 70 });
  expect(optionsOf("  ")).toBeNull();
  for (const text of ["[1]", "null", "7", "{", '"a"']) expect(optionsOf(text)).toBeUndefined();
});
