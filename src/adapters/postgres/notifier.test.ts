import { expect, test } from "vitest";
import { unpack } from "./notifier.ts";

test.each([
  ["0 3:abc2:de", ["abc", "de"]],
  ["0 0:1:x", ["", "x"]],
  ["a -3:", []],
  ["0 0", []],
  ["0 1:x-9:", ["x"]],
  ["0 99999:x", []],
  ["0 x:y", []],
  ["", []],
])("a notification %j holds %j, whoever sent it", (frame, texts) => {
  expect(unpack(frame)).toEqual(texts);
});
