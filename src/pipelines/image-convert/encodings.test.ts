import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { withAvifColor } from "../pictures/avif.ts";
import { pngChunk } from "../pictures/png.ts";
import { colourAt, convert, difference, scene } from "./test-pictures.ts";

type Rgb = readonly [number, number, number];

const solid = ([r, g, b]: Rgb) =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r, g, b } } });

async function png(
  color: Rgb,
  ...chunks: readonly (readonly [type: string, body: Buffer])[]
): Promise<Buffer> {
  const file = await solid(color).png().toBuffer();
  return Buffer.concat([
    file.subarray(0, 33),
    ...chunks.map(([type, body]) => pngChunk(type, body)),
    file.subarray(33),
  ]);
}

const numbers = (...values: number[]) => {
  const body = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) body.writeUInt32BE(value, index * 4);
  return body;
};
const gamma = (value: number) => ["gAMA", numbers(value)] as const;
const code = (primaries: number, transfer: number) =>
  ["cICP", Buffer.from([primaries, transfer, 0, 1])] as const;
/** sRGB with red and blue swapped. */
const swapped = ["cHRM", numbers(31_270, 32_900, 15_000, 6_000, 30_000, 60_000, 64_000, 33_000)] as const;
const srgb = ["sRGB", Buffer.from([0])] as const;
const p3 = ["iCCP", Buffer.alloc(0)] as const;

async function shown(file: Buffer, options: object = {}): Promise<number[]> {
  const { data } = await convert(file, { format: "png", ...options });
  return (await colourAt(data, 0.5, 0.5)).slice(0, 3);
}

function near(expected: Rgb) {
  return expected.map((value) => expect.toSatisfy((found: number) => Math.abs(found - value) <= 1));
}

describe("a PNG's colors are those that it says", () => {
  test.each<[string, Rgb, readonly (readonly [string, Buffer])[], Rgb]>([
    ["nothing", [128, 20, 200], [], [128, 20, 200]],
    ["gAMA of linear light", [128, 0, 255], [gamma(100_000)], [188, 0, 255]],
    ["gAMA of old Macs", [128, 128, 128], [gamma(55_556)], [146, 146, 146]],
    ["gAMA of sRGB, as most writers have it", [5, 128, 200], [gamma(45_455)], [5, 128, 200]],
    ["cHRM", [200, 50, 10], [swapped], [10, 50, 200]],
    ["gAMA and cHRM", [128, 0, 0], [gamma(100_000), swapped], [0, 0, 188]],
    ["sRGB before gAMA", [128, 128, 128], [srgb, gamma(100_000)], [128, 128, 128]],
    ["cICP before gAMA", [128, 128, 128], [gamma(100_000), code(1, 13)], [128, 128, 128]],
    ["cICP before a profile", [128, 128, 128], [p3, code(1, 8)], [188, 188, 188]],
    ["cICP of Display P3", [200, 50, 50], [code(12, 13)], [218, 24, 40]],
    ["cICP of BT.2020 for television", [128, 128, 128], [code(9, 14)], [128, 128, 128]],
    ["cICP of linear light", [128, 128, 128], [code(1, 8)], [188, 188, 188]],
    // Values as Chromium shows them.
    ["cICP of SMPTE 240M", [120, 120, 120], [code(1, 7)], [134, 134, 134]],
    ["cICP of digital cinema", [120, 120, 120], [code(1, 17)], [109, 109, 109]],
    ["cICP of numbers that nobody knows", [128, 20, 200], [code(99, 98)], [128, 20, 200]],
    ["a cHRM that spans nothing", [128, 20, 200], [["cHRM", Buffer.alloc(32)]], [128, 20, 200]],
    ["a gAMA that is too short", [128, 20, 200], [["gAMA", Buffer.alloc(2)]], [128, 20, 200]],
  ])("%s", async (_, color, chunks, expected) => {
    expect(await shown(await png(color, ...chunks))).toEqual(near(expected));
  });

  test("gray and 16 bits too", async () => {
    const gray = await sharp(Buffer.alloc(64, 128), { raw: { width: 8, height: 8, channels: 1 } })
      .toColourspace("b-w")
      .png()
      .toBuffer();
    const deep = await solid([128, 128, 128]).toColourspace("rgb16").png().toBuffer();
    const deepGray = await sharp(gray).toColourspace("grey16").png().toBuffer();
    for (const file of [gray, deep, deepGray]) {
      const linear = Buffer.concat([file.subarray(0, 33), pngChunk(...gamma(100_000)), file.subarray(33)]);
      const { data } = await convert(linear, { format: "png" });
      const eight = await sharp(data).toColourspace("srgb").png().toBuffer();
      expect((await colourAt(eight, 0.5, 0.5)).slice(0, 3)).toEqual(near([188, 188, 188]));
    }
  });

  test("keepMetadata keeps the numbers, and a profile that says the same", async () => {
    const file = await png([200, 50, 50], code(12, 13));
    const { data } = await convert(file, { format: "jpeg", keepMetadata: true, quality: 100 });
    expect((await colourAt(data, 0.5, 0.5)).slice(0, 3)).toEqual(near([218, 24, 40]));
    const stored = await sharp(data).keepIccProfile().raw().toBuffer();
    expect([...stored.subarray(0, 3)]).toEqual(near([200, 50, 50]));
  });

  test.each([16, 18])("lights of HDR (transfer %i) are dimmed, with a warning", async (transfer) => {
    const { data, warned } = await convert(await png([255, 255, 255], code(9, transfer)), { format: "png" });
    expect(warned).toEqual(["hdr_reduced"]);
    expect((await colourAt(data, 0.5, 0.5)).slice(0, 3)).toEqual(near([255, 255, 255]));
  });
});

describe("an AVIF's colors are those that it says", () => {
  const nclx = (primaries: number, transfer: number) =>
    Buffer.concat([Buffer.from("nclx"), Buffer.from([0, primaries, 0, transfer, 0, 6, 0x80])]);

  test.each<[string, number, number, Rgb]>([
    ["sRGB", 1, 13, [200, 50, 50]],
    ["Display P3", 12, 13, [218, 24, 40]],
    ["linear light", 1, 8, [228, 123, 123]],
  ])("%s", async (_, primaries, transfer, expected) => {
    const file = await solid([200, 50, 50]).avif({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
    const told = withAvifColor(file, nclx(primaries, transfer));
    const found = await shown(told);
    for (const [band, value] of expected.entries())
      expect(Math.abs(found[band]! - value)).toBeLessThanOrEqual(3);
  });
});

test("16 bits in a format of 8 are reported", async () => {
  const deep = await solid([128, 128, 128]).toColourspace("rgb16").png().toBuffer();
  for (const format of ["jpeg", "webp", "avif", "gif", "bmp"])
    expect((await convert(deep, { format })).warned).toEqual(["depth_reduced"]);
  for (const format of ["png", "tiff"]) expect((await convert(deep, { format })).warned).toEqual([]);
});

describe("JPEG and AVIF", () => {
  test("are progressive, and keep colors as finely as is asked for", async () => {
    const file = await scene().png().toBuffer();
    const found = async (options: object) => {
      const { isProgressive, chromaSubsampling } = await sharp(
        (await convert(file, options)).data,
      ).metadata();
      return [isProgressive, chromaSubsampling];
    };
    expect(await found({ format: "jpeg" })).toEqual([false, "4:2:0"]);
    expect(await found({ format: "jpeg", progressive: true, chroma: "4:4:4" })).toEqual([true, "4:4:4"]);
    // Columns of red and blue, which all become purple with half the color resolution.
    const stripes = Buffer.from(
      Array.from({ length: 64 * 64 }, (_, n) => (n % 2 ? [255, 0, 0] : [0, 0, 255])).flat(),
    );
    const striped = sharp(stripes, { raw: { width: 64, height: 64, channels: 3 } });
    const drawn = await striped.png().toBuffer();
    const lost = async (options: object) =>
      difference((await convert(drawn, { quality: 95, ...options })).data, drawn);
    for (const format of ["jpeg", "avif"]) {
      const [fine, coarse] = [
        await lost({ format, chroma: "4:4:4" }),
        await lost({ format, chroma: "4:2:0" }),
      ];
      expect(fine * 3).toBeLessThan(coarse);
      expect(await lost({ format })).toBe(format === "avif" ? fine : coarse);
    }
  });

  test("that are only to become progressive are encoded again", async () => {
    const small = await scene().jpeg({ quality: 20 }).toBuffer();
    const { data, warnings } = await convert(small, { format: "original", quality: 95, progressive: true });
    expect((await sharp(data).metadata()).isProgressive).toBe(true);
    expect(warnings.map(({ code }) => code)).toEqual(["larger_than_input"]);
  });
});
