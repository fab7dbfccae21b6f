import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { pngChunk, readPng, writePng } from "../pictures/png.ts";
import { animation, convert, difference, scene } from "./test-pictures.ts";
import { tiff } from "./test-tiff.ts";

const colors = ["#ff0000", "#00ff00", "#0000ff"];
const exif = { IFD0: { Copyright: "Millrace" } };

describe("a complete picture without the end of its file is converted", () => {
  const cases: Record<string, [make: () => Promise<Buffer>, missing: number]> = {
    JPEG: [() => scene().jpeg().toBuffer(), 2],
    "JPEG with half of its end marker": [() => scene().jpeg().toBuffer(), 1],
    "progressive JPEG": [() => scene().jpeg({ progressive: true }).toBuffer(), 2],
    "JPEG with EXIF": [() => scene().withExif(exif).jpeg().toBuffer(), 2],
    "gray JPEG": [() => scene().toColourspace("b-w").jpeg().toBuffer(), 2],
    GIF: [() => scene().gif().toBuffer(), 1],
    "GIF without the last block's end": [() => scene().gif().toBuffer(), 2],
    "animated GIF": [() => animation("gif", colors), 1],
    PNG: [() => scene().png().toBuffer(), 12],
    "PNG without its last checksum": [() => scene().png().toBuffer(), 14],
    "interlaced PNG": [() => scene().png({ progressive: true }).toBuffer(), 12],
    "WebP whose metadata is cut": [() => scene().withExif(exif).webp().toBuffer(), 20],
  };

  test.each(Object.entries(cases))("%s", async (_, [make, missing]) => {
    const data = await make();
    const whole = await convert(data, { format: "png", animated: false });
    const short = await convert(data.subarray(0, data.length - missing), { format: "png", animated: false });
    expect(await difference(short.data, whole.data)).toBe(0);
    expect(short.warned).toEqual([]);
  });

  test("every frame of an animation stays", async () => {
    for (const format of ["gif", "webp"] as const) {
      const data = await animation(format, colors);
      const short = format === "gif" ? data.subarray(0, -1) : data;
      expect((await convert(short, { format: "gif" })).meta).toMatchObject({ frames: 3 });
    }
  });
});

function noise(width = 320, height = 200): Sharp {
  const grain = { type: "gaussian", mean: 128, sigma: 30 } as const;
  return sharp({ create: { width, height, channels: 3, background: "#888", noise: grain } });
}

const half = (data: Buffer) => data.subarray(0, Math.floor(data.length / 2));

/** Pixels of the first rows, which arrived. */
async function top(data: Buffer, part: number): Promise<Buffer> {
  const { width, height } = await sharp(data).metadata();
  const region = { left: 0, top: 0, width, height: Math.floor(height * part) };
  return sharp(data).extract(region).png().toBuffer();
}

describe("an image that is truncated", () => {
  const strips = () => tiff({ width: 200, height: 50, rows: Array.from({ length: 50 }, (_, y) => y * 5) });

  test.each<[string, () => Promise<Buffer> | Buffer, RegExp]>([
    [
      "JPEG",
      () => noise().jpeg().toBuffer(),
      /^The file is truncated after (4\d|5\d)%: its end is missing\. Up/,
    ],
    ["PNG", () => noise().png().toBuffer(), /truncated after (4\d|5\d)%/],
    ["interlaced PNG", () => noise().png({ progressive: true }).toBuffer(), /truncated after (4\d|5\d)%/],
    ["WebP", () => noise().webp().toBuffer(), /truncated after (49|50)%/],
    ["GIF", () => noise().gif().toBuffer(), /truncated after (4\d|5\d)%/],
    ["animated GIF", () => animation("gif", colors), /truncated in frame 2/],
    ["TIFF", strips, /truncated after \d\d%/],
  ])("%s says where", async (_, make, message) => {
    await expect(convert(half(await make()))).rejects.toMatchObject({
      code: "undecodable_file",
      message: expect.stringMatching(message),
    });
  });

  test.each<[string, () => Promise<Buffer> | Buffer]>([
    ["JPEG", () => noise().jpeg().toBuffer()],
    ["PNG", () => noise().png().toBuffer()],
    ["GIF", () => noise().gif().toBuffer()],
    ["lossless WebP", () => noise().webp({ lossless: true }).toBuffer()],
    ["TIFF", strips],
  ])("%s keeps its first rows when tolerant", async (_, make) => {
    const data = await make();
    const kept = await convert(half(data), { format: "png", tolerant: true });
    expect(kept.warned).toEqual(["cut_off"]);
    const whole = await convert(data, { format: "png" });
    expect(kept.meta).toMatchObject({ width: whole.meta.width, height: whole.meta.height });
    expect(await difference(await top(kept.data, 0.35), await top(whole.data, 0.35))).toBeLessThan(1);
  });

  test("an interlaced PNG keeps its first passes when tolerant", async () => {
    const data = await scene().png({ progressive: true }).toBuffer();
    const { data: kept, warned } = await convert(half(data), { format: "png", tolerant: true });
    expect(warned).toEqual(["cut_off"]);
    const stats = await sharp(kept).stats();
    expect(stats.channels[0]!.max).toBeGreaterThan(150);
  });

  test.each(["gif", "webp"] as const)(
    "an animated %s keeps its whole frames when tolerant",
    async (format) => {
      const data = await animation(format, [...colors, "#888888"]);
      const kept = await convert(data.subarray(0, data.length - 20), { format, tolerant: true });
      expect(kept).toMatchObject({ meta: { frames: 3 }, warned: ["cut_off"] });
    },
  );

  test("nothing is warned of when nothing is missing", async () => {
    for (const data of [await scene().jpeg().toBuffer(), await scene().png().toBuffer(), strips()])
      expect((await convert(data, { tolerant: true })).warned).toEqual([]);
  });
});

describe("what cannot be decoded says why", () => {
  const rows = [10, 20, 30];
  test.each([
    [6, "old-style JPEG"],
    [34925, "LZMA"],
    [50000, "ZSTD"],
    [34712, "JPEG 2000"],
  ])("TIFF compression %i", async (compression, name) => {
    for (const tiled of [false, true]) {
      await expect(convert(tiff({ width: 32, height: 3, rows, compression, tiled }))).rejects.toMatchObject({
        code: "undecodable_file",
        message: `The file uses ${name} compression, which is not supported.`,
      });
    }
  });

  test("a damaged tile is no success", async () => {
    const data = await noise()
      .tiff({ compression: "deflate", tile: true, tileWidth: 64, tileHeight: 64 })
      .toBuffer();
    data.fill(0xff, 2000, 2600);
    await expect(convert(data, { format: "png" })).rejects.toMatchObject({
      code: "undecodable_file",
      message: "The file is damaged and cannot be decoded.",
    });
  });

  test("a tiled TIFF with a tag that nobody knows is converted", async () => {
    const data = tiff({ width: 32, height: 3, rows, tiled: true, tags: [[65_000, 3, 1]] });
    expect((await convert(data, { format: "png" })).meta).toMatchObject({ width: 32, height: 3 });
  });

  test("a checksum in a PNG", async () => {
    const data = await scene(40, 20).png().toBuffer();
    const image = readPng(data).find(({ type }) => type === "IDAT")!;
    data[image.at + 8 + image.body.length]! ^= 0xff;
    await expect(convert(data)).rejects.toMatchObject({
      message: `The file is damaged: the checksum of its IDAT data at byte ${image.at} is wrong. Upload an intact copy.`,
    });
    expect((await convert(data, { tolerant: true })).meta).toMatchObject({ width: 40, height: 20 });
  });

  test("a checksum in a PNG's text loses nothing of the picture", async () => {
    const [first, ...rest] = readPng(await scene(40, 20).png().toBuffer());
    const text = pngChunk("tEXt", Buffer.from("a\0b"));
    text[text.length - 1]! ^= 0xff;
    const data = writePng([first!, ...rest]);
    const spoiled = Buffer.concat([data.subarray(0, 33), text, data.subarray(33)]);
    expect((await convert(spoiled)).meta).toMatchObject({ width: 40, height: 20 });
  });

  test("an SVG with more than 10 MB inside, and one that is not well-formed", async () => {
    const svg = (body: string) =>
      Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${body}</svg>`);
    const image = `<image href="data:image/png;base64,${"A".repeat(11e6)}"/>`;
    await expect(convert(svg(image))).rejects.toMatchObject({
      message: "The file has an embedded image or text of more than 10 MB, which is not supported in an SVG.",
    });
    await expect(convert(svg("<g>"))).rejects.toMatchObject({
      message: expect.stringMatching(/^The file is not well-formed XML \(line 1, column \d+: .*g.*svg\)\.$/),
    });
  });
});
