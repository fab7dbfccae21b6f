import { expect, test } from "vitest";
import type { FileResult } from "./run.ts";
import { summarize, summaryText } from "./summary.ts";

const converted: FileResult = {
  input: "a.tif",
  state: "converted",
  output: "out/a.webp",
  outputs: ["out/a.webp"],
  bytesBefore: 100,
  bytesAfter: 50,
  width: 1,
  height: 1,
  format: "webp",
  cached: false,
  warnings: [],
  error: null,
};
const more = { server: null, out: "out", skipped: 0, ms: 1, interrupted: false };

test("each warning has a line of its own between the files and the totals", () => {
  const warnings = [
    { code: "pages_left_out", message: "2 pages were\u001b[31m left out." },
    { code: "profile_dropped", message: "The profile was dropped." },
  ];
  const files = [converted, { ...converted, input: "b.tif", warnings }];
  const [, warned] = summaryText(summarize(files, more)).split("\n\n");
  expect(warned).toBe("warning: b.tif: 2 pages were left out.\nwarning: b.tif: The profile was dropped.");
  expect(summarize(files, more).files[1]!.warnings).toEqual(warnings);
});

test.each([
  [50, "50% smaller"],
  [1, "99% smaller"],
  [100, "same size"],
  [153, "53% larger"],
  [7_800, "78 × as large"],
])("of 100 bytes that became %d", (bytesAfter, words) => {
  const [lines, totals] = summaryText(summarize([{ ...converted, bytesAfter }], more)).split("\n\n");
  expect(lines).toContain(words);
  expect(totals).toContain(`(${words})`);
});

test("without warnings there is no such paragraph", () => {
  expect(summaryText(summarize([converted], more))).not.toContain("warning");
});
