import { expect, test } from "vitest";
import { flatten } from "./options-list.tsx";

test("options are told with their paths", () => {
  const options = {
    format: "webp",
    width: 1280,
    watermark: { text: "©", size: 0.3 },
    tags: ["a", "b"],
    none: null,
  };
  expect(flatten(options)).toEqual([
    [["format"], "webp"],
    [["width"], "1280"],
    [["watermark", "text"], "©"],
    [["watermark", "size"], "0.3"],
    [["tags"], "a, b"],
    [["none"], "–"],
  ]);
});

test("what is deeper than a list is shown as JSON", () => {
  expect(flatten({ points: [{ x: 1 }] })).toEqual([[["points"], '[{"x":1}]']]);
  expect(flatten({ empty: [] })).toEqual([[["empty"], "–"]]);
});
