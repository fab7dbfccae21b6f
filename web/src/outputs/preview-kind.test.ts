import { expect, test } from "vitest";
import { previewKind, readableJson } from "./preview-kind.ts";

const file = (mediaType: string, bytes = 10) => ({
  artifactId: "a",
  name: "a",
  sha256: "s",
  mediaType,
  bytes,
});

test.each([
  ["image/png", "picture"],
  ["image/svg+xml", "picture"],
  ["application/pdf", "pdf"],
  ["text/csv; charset=utf-8", "table"],
  ["application/json", "json"],
  ["application/geo+json", "json"],
  ["text/plain", "text"],
  ["text/markdown", "text"],
  ["text/html", "text"],
  ["application/xhtml+xml", "text"],
  ["text/javascript", "text"],
  ["image/tiff", null],
  ["application/zip", null],
  ["application/octet-stream", null],
])("%s is shown as %s", (mediaType, kind) => {
  expect(previewKind(file(mediaType))).toBe(kind);
});

test("what is empty, or too large to be read as a whole, is not shown", () => {
  expect(previewKind(file("text/plain", 0))).toBeNull();
  expect(previewKind(file("application/pdf", 1e9))).toBeNull();
  expect(previewKind(file("text/plain", 1e9))).toBe("text");
});

test("JSON is indented where all of it is there", () => {
  expect(readableJson('{"a":1}', true)).toBe('{\n  "a": 1\n}');
  expect(readableJson('{"a":1', false)).toBe('{"a":1');
  expect(readableJson("not JSON", true)).toBe("not JSON");
});
