import { expect, test } from "vitest";
import { extensionOf, typeName } from "./file-types.ts";

test.each([
  ["image/webp", "WebP", "webp"],
  ["image/jpeg", "JPEG", "jpg"],
  ["image/x-icon", "ICO", "ico"],
  ["image/svg+xml", "SVG", "svg"],
  ["text/markdown", "Markdown", "md"],
  ["text/plain", "Text", "txt"],
  ["application/pdf", "PDF", "pdf"],
  ["image/*", "image", ""],
  ["application/vnd.example.a-long-name", "VND.EXAMPLE.A-LONG-NAME", ""],
])("%s is %s, with the extension “%s”", (mediaType, name, extension) => {
  expect(typeName(mediaType)).toBe(name);
  expect(extensionOf(mediaType)).toBe(extension);
});

test("a format has the name of its media type", () => {
  expect(typeName("webp")).toBe("WebP");
  expect(typeName("avif")).toBe("AVIF");
});
