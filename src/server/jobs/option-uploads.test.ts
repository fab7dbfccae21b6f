import { expect, test } from "vitest";
import { optionUploads } from "./option-uploads.ts";

test("uploads are found wherever an option may stand", () => {
  const options = {
    width: 3,
    watermark: { image: { uploadId: "a" } },
    layers: [{ file: { uploadId: "b" } }],
  };
  expect([...optionUploads(options)]).toEqual([
    ["watermark.image", "a"],
    ["layers.0.file", "b"],
  ]);
});

test.each([
  [{ uploadId: "the options themselves" }],
  [{ image: { uploadId: 7 } }],
  [{ image: { uploadId: "a", more: 1 } }],
  [{ "a.b": { uploadId: "a" } }],
  [{ a: { b: { c: { d: { e: { f: { g: { h: { i: { uploadId: "too deep" } } } } } } } } } }],
  [null],
  [[]],
])("%j names none", (options) => expect(optionUploads(options).size).toBe(0));
