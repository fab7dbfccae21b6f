import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { readTiff } from "../pictures/tiff.ts";
import { tiffParts } from "../pictures/tiff-parts.ts";
import { colourAt, convert } from "./test-pictures.ts";
import { type SampleTiff, sampleTiff } from "./test-tiff-samples.ts";

const GRAY = 1;
const RGB = 2;

type Kind = Pick<SampleTiff, "format" | "bits"> & { half: number; most: number };
const kinds: Record<string, Kind> = {
  "16-bit floating-point": { format: "float", bits: 16, half: 0.5, most: 1 },
  "32-bit floating-point": { format: "float", bits: 32, half: 0.5, most: 1 },
  "64-bit floating-point": { format: "float", bits: 64, half: 0.5, most: 1 },
  "8-bit signed": { format: "signed", bits: 8, half: 64, most: 127 },
  "16-bit signed": { format: "signed", bits: 16, half: 16_384, most: 32_767 },
  "32-bit signed": { format: "signed", bits: 32, half: 2 ** 30, most: 2 ** 31 - 1 },
  "32-bit unsigned": { format: "unsigned", bits: 32, half: 2 ** 31, most: 2 ** 32 - 1 },
  "64-bit unsigned": { format: "unsigned", bits: 64, half: 2 ** 63, most: 2 ** 64 - 2 ** 11 },
};

describe.each(Object.entries(kinds))("%s samples", (_, { half, most, ...kind }) => {
  const orders = [true, false];

  test("gray is half as bright", async () => {
    for (const little of orders) {
      const data = sampleTiff({ ...kind, little, photometric: GRAY, pixel: [half] });
      expect(await middle(data)).toEqual(near(128, 128, 128, 255));
    }
  });

  test("gray with transparency keeps both", async () => {
    for (const little of orders) {
      const data = sampleTiff({ ...kind, little, photometric: GRAY, pixel: [half, most], extra: 2 });
      expect(await middle(data)).toEqual(near(128, 128, 128, 255));
      const clear = sampleTiff({ ...kind, little, photometric: GRAY, pixel: [half, half], extra: 2 });
      expect((await middle(clear)).slice(3)).toEqual(near(128));
    }
  });

  test("RGB is in planes, tiles or rows; floating-point numbers are linear light", async () => {
    const expected = kind.format === "float" ? 188 : 128;
    for (const planar of [false, true])
      for (const tile of [0, 16])
        for (const little of orders) {
          const pixel = [half, 0, most];
          const data = sampleTiff({ ...kind, little, planar, tile, photometric: RGB, pixel });
          expect(await middle(data)).toEqual(near(expected, 0, 255, 255));
        }
  });
});

test.each<[string, Partial<SampleTiff>]>([
  ["no", {}],
  ["Deflate", { compression: 8, pack: deflateSync }],
  ["PackBits", { compression: 32_773, pack: (bytes) => literalBits(bytes) }],
])("%s compression, with and without predictors", async (_, packing) => {
  for (const predictor of [1, 2, 3] as const) {
    const bits = predictor === 3 ? 32 : 16;
    const format = predictor === 3 ? "float" : "signed";
    const pixel = predictor === 3 ? [0.25, 0.5] : [8_192, 16_384];
    const data = sampleTiff({ format, bits, photometric: GRAY, extra: 2, predictor, pixel, ...packing });
    expect(await middle(data)).toEqual([64, 64, 64, 128]);
  }
});

test.each(["none", "horizontal"] as const)(
  "LZW, as libtiff writes it, with predictor %s",
  async (predictor) => {
    // Noise fills the code table, and a single color produces self-referencing codes.
    const noise = Buffer.from(
      Array.from({ length: 200 * 90 }, (_, at) => (at < 9_000 ? (at * at * 7919) >> 7 : 3)),
    );
    const data = await sharp(noise, { raw: { width: 200, height: 90, channels: 1 } })
      .toColourspace("b-w")
      .tiff({ compression: "lzw", predictor })
      .toBuffer();
    const parts = [...tiffParts(data, readTiff(data)[0]!)];
    expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(noise)).toBe(true);
  },
);

test("a value that stands for nothing counts neither as black nor as white", async () => {
  const data = sampleTiff({
    format: "float",
    bits: 32,
    photometric: GRAY,
    pixel: [0.5],
    first: [Number.NaN],
  });
  expect(await middle(data)).toEqual([128, 128, 128, 255]);
});

test("numbers below zero take the range that they lie in, with a warning", async () => {
  const data = sampleTiff({
    format: "signed",
    bits: 16,
    photometric: GRAY,
    pixel: [0],
    first: [-30_000],
    last: [30_000],
  });
  const { data: png, warned } = await convert(data, { format: "png" });
  expect(warned).toEqual(["range_stretched"]);
  expect(await colourAt(png, 0.5, 0.5)).toEqual([128, 128, 128, 255]);
});

test("the orientation and the profile of such a page stay", async () => {
  const data = sampleTiff({ format: "float", bits: 32, photometric: GRAY, pixel: [0.5], orientation: 6 });
  expect((await convert(data, { format: "png" })).meta).toMatchObject({ width: 10, height: 20 });
});

test("kinds that are not read are named", async () => {
  const odd = sampleTiff({ format: "float", bits: 32, photometric: 8, pixel: [0.5, 0, 0] });
  await expect(convert(odd)).rejects.toThrow(
    "The file has 3 floating-point samples of 32 bits a pixel, which is not supported.",
  );
});

/** Half of an odd number of steps lies between two values. */
function near(...values: number[]) {
  return values.map((value) => expect.toSatisfy((found: number) => Math.abs(found - value) <= 1));
}

async function middle(data: Buffer): Promise<number[]> {
  const { data: png } = await convert(data, { format: "png" });
  const eight = await sharp(png).toColourspace("srgb").png().toBuffer();
  return colourAt(eight, 0.5, 0.5);
}

/** PackBits without runs. */
function literalBits(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 128) {
    const part = bytes.subarray(at, at + 128);
    parts.push(Buffer.from([part.length - 1]), part);
  }
  return Buffer.concat(parts);
}
