import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { headerSize } from "./header-size.ts";

const samples = join(import.meta.dirname, "../../../samples");

test.each([
  ["sea.jpg", "image/jpeg", 1600, 1067],
  ["flower.png", "image/png", 1200, 1200],
  ["ripples.webp", "image/webp", 600, 400],
])("%s", (name, mediaType, width, height) => {
  expect(headerSize(readFileSync(join(samples, name)), mediaType)).toEqual({ width, height });
});

test.each([
  ["jpeg", { progressive: true }],
  ["webp", { lossless: true }],
  ["webp", { lossless: false }],
  ["gif", {}],
] as const)("%s as sharp writes it, %o", async (format, options) => {
  const blank = sharp({ create: { width: 321, height: 123, channels: 3, background: "#888" } });
  const file = await blank
    .toFormat(format, options)
    .withExif({ IFD0: { Artist: "x".repeat(2_000) } })
    .toBuffer();
  expect(headerSize(file, `image/${format}`)).toEqual({ width: 321, height: 123 });
});

test("what ends early, or is of another format, does not say", () => {
  expect(headerSize(readFileSync(join(samples, "sea.jpg")).subarray(0, 20), "image/jpeg")).toBeNull();
  expect(headerSize(new Uint8Array(), "image/png")).toBeNull();
  expect(headerSize(new Uint8Array(100), "image/tiff")).toBeNull();
});
