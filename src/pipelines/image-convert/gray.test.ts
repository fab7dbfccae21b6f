import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { compactPng } from "../pictures/compact-png.ts";
import { colourAt, convert, difference, scene } from "./test-pictures.ts";

const gray = () => scene().toColourspace("b-w");
const twoColor = () => scene().threshold(128).toColourspace("b-w");
const grayAlpha = async () => {
  const alpha = Buffer.alloc(320 * 200, 255).fill(0, 0, 320 * 100);
  const data = await gray().raw().toBuffer();
  const pairs = Buffer.from(Array.from(data, (value, at) => [value, alpha[at]!]).flat());
  return sharp(pairs, { raw: { width: 320, height: 200, channels: 2 } })
    .toColourspace("b-w")
    .png()
    .toBuffer();
};

const inputs: Record<string, () => Promise<Buffer>> = {
  "gray PNG": () => gray().png().toBuffer(),
  "gray JPEG": () => gray().jpeg().toBuffer(),
  "16-bit gray PNG": () => scene().toColourspace("grey16").png().toBuffer(),
  "two-color PNG": async () => compactPng(await twoColor().png().toBuffer()),
  "Group 4 TIFF": () => twoColor().tiff({ compression: "ccittfax4", bitdepth: 1 }).toBuffer(),
  "gray and alpha PNG": grayAlpha,
  "16-bit RGB PNG": () => scene().toColourspace("rgb16").png().toBuffer(),
  "palette PNG": () => scene().png({ palette: true, colours: 9 }).toBuffer(),
  "CMYK TIFF": () => scene().toColourspace("cmyk").tiff({ compression: "lzw" }).toBuffer(),
};

describe.each(Object.entries(inputs))("%s", (name, make) => {
  test.each(["jpeg", "png", "webp", "tiff"])("a background has its color in %s", async (format) => {
    const fit = { width: 400, height: 100, fit: "contain", background: "#ff8000", quality: 100 };
    const { data } = await convert(await make(), { ...fit, format });
    const [red, green, blue] = await colourAt(data, 0.02, 0.5);
    expect([red, green, blue]).toEqual([
      expect.closeTo(255, -1),
      expect.closeTo(128, -1),
      expect.closeTo(0, -1),
    ]);
    const middle = await colourAt(data, 0.5, 0.5);
    if (/gray (PNG|JPEG)|Group|two/.test(name))
      expect(Math.max(...middle.slice(0, 3)) - Math.min(...middle.slice(0, 3))).toBeLessThan(4);
  });

  test("white is white, in 16 bits too", async () => {
    const fit = { width: 400, height: 100, fit: "contain" };
    const { data } = await convert(await make(), { ...fit, format: "png" });
    const { data: pixels, info } = await sharp(data)
      .toColourspace("rgb16")
      .raw({ depth: "ushort" })
      .toBuffer({ resolveWithObject: true });
    expect(info.channels).toBeGreaterThanOrEqual(3);
    expect(pixels.readUInt16LE(0)).toBe(65_535);
  });
});

test("transparent gray lies on a colored background in JPEG", async () => {
  const { data } = await convert(await grayAlpha(), { format: "jpeg", background: "#00ff00", quality: 100 });
  expect(await colourAt(data, 0.5, 0.1)).toEqual([
    expect.closeTo(0, -1),
    expect.closeTo(255, -1),
    expect.closeTo(0, -1),
    255,
  ]);
});

describe("original keeps channels and depth, and the file does not grow", () => {
  test.each<[string, object]>([
    ["gray PNG", { space: "b-w", channels: 1, depth: "uchar" }],
    ["gray JPEG", { space: "b-w", channels: 1 }],
    ["16-bit gray PNG", { space: "grey16", channels: 1, depth: "ushort" }],
    ["two-color PNG", { channels: 1, bitsPerSample: 1 }],
    ["Group 4 TIFF", { space: "b-w", channels: 1, bitsPerSample: 1 }],
    ["gray and alpha PNG", { space: "b-w", channels: 2 }],
    ["palette PNG", { isPalette: true, bitsPerSample: 4 }],
    ["16-bit RGB PNG", { space: "rgb16", depth: "ushort" }],
  ])("%s", async (name, header) => {
    const data = await inputs[name]!();
    const result = await convert(data, { format: "original", quality: 80 });
    expect(await sharp(result.data).metadata()).toMatchObject(header);
    expect(result.data.length).toBeLessThanOrEqual(data.length * 1.02);
    expect(await difference(result.data, data)).toBeLessThan(name === "gray JPEG" ? 1 : 0.01);
  });

  test("a text watermark on gray stays gray, a colored one does not", async () => {
    const data = await inputs["gray PNG"]!();
    const text = await convert(data, { format: "png", watermark: { text: "a" } });
    expect(await sharp(text.data).metadata()).toMatchObject({ channels: 1 });
    const logo = { name: "logo.png", data: await scene(20, 20).png().toBuffer() };
    const watermark = { image: { file: "logo.png" }, opacity: 1 };
    const colored = await convert(data, { format: "png", watermark }, { attachments: [logo] });
    expect(await sharp(colored.data).metadata()).toMatchObject({ channels: 3 });
  });

  test("16 bits stay under a watermark", async () => {
    const data = await inputs["16-bit RGB PNG"]!();
    const { data: marked } = await convert(data, { format: "png", watermark: { text: "a", size: 0.1 } });
    expect(await sharp(marked).metadata()).toMatchObject({ depth: "ushort", channels: 3 });
    const corner = (image: Sharp) =>
      image
        .extract({ left: 0, top: 0, width: 50, height: 50 })
        .toColourspace("rgb16")
        .raw({ depth: "ushort" })
        .toBuffer();
    expect((await corner(sharp(marked))).equals(await corner(sharp(data)))).toBe(true);
  });
});

test.each([1, 2, 3, 4, 9, 17, 200, 256, 257])(
  "%i colors come back exactly from a compacted PNG",
  async (count) => {
    for (const channels of [3, 4] as const) {
      const colors = Array.from({ length: count }, (_, index) =>
        [index * 7, index * 13, index >> 8, 255 - (index % 3) * 60]
          .map((value) => value % 256)
          .slice(0, channels),
      );
      const data = Buffer.from(Array.from({ length: 33 * 20 }, (_, at) => colors[at % count]!).flat());
      const png = await sharp(data, { raw: { width: 33, height: 20, channels } })
        .png()
        .toBuffer();
      const compact = await compactPng(png);
      expect(compact.length).toBeLessThanOrEqual(png.length);
      expect(
        (await sharp(compact).ensureAlpha().raw().toBuffer()).equals(
          await sharp(png).ensureAlpha().raw().toBuffer(),
        ),
      ).toBe(true);
    }
  },
);

test("a TIFF keeps its density, and one without gets 72", async () => {
  const dense = scene(40, 20).withMetadata({ density: 300 });
  for (const data of [
    await dense
      .clone()
      .tiff({ xres: 300 / 25.4, yres: 300 / 25.4 })
      .toBuffer(),
    await dense.clone().jpeg().toBuffer(),
  ])
    expect((await sharp((await convert(data, { format: "tiff" })).data).metadata()).density).toBe(300);
  const plain = await scene(40, 20).webp().toBuffer();
  expect((await sharp((await convert(plain, { format: "tiff" })).data).metadata()).density).toBe(72);
});
