import { expect, test } from "vitest";
import { exampleFiles } from "./example-files.ts";

test("as many files as a job needs, of a type that the pipeline accepts", () => {
  const pictures = { mediaTypes: ["image/jpeg", "image/png"], minFiles: 1, data: null };
  expect(exampleFiles(pictures)).toEqual(["your-file.jpg"]);
  const texts = { mediaTypes: ["text/plain"], minFiles: 2, data: null };
  expect(exampleFiles(texts)).toEqual(["your-file-1.txt", "your-file-2.txt"]);
  expect(exampleFiles({ mediaTypes: ["*"], minFiles: 1, data: null })).toEqual(["your-file"]);
  expect(exampleFiles({ mediaTypes: ["text/plain"], minFiles: 0, data: null })).toEqual([]);
  expect(exampleFiles({ mediaTypes: ["text/csv"], minFiles: 0, data: {} })).toEqual(["your-file.csv"]);
});
