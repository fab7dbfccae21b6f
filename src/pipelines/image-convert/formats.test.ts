import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { formats, type OutputFormat } from "../pictures/formats.ts";
import { animation, colourAt, convert, difference, scene, withHole } from "./test-pictures.ts";

// The reference is sharp, which does not read BMP.
const outputs = (Object.keys(formats) as OutputFormat[]).filter((format) => format !== "bmp");

const inputs: Record<string, () => Promise<Buffer>> = {
  jpeg: () => scene().jpeg({ quality: 95 }).toBuffer(),
  "progressive jpeg": () => scene().jpeg({ quality: 95, progressive: true }).toBuffer(),
  "grey jpeg": () => scene().greyscale().jpeg().toBuffer(),
  png: () => scene().png().toBuffer(),
  "interlaced png": () => scene().png({ progressive: true }).toBuffer(),
  "palette png": () => scene().png({ palette: true }).toBuffer(),
  webp: () => scene().webp({ quality: 95 }).toBuffer(),
  avif: () => scene().avif({ quality: 90, effort: 0 }).toBuffer(),
  tiff: () => scene().tiff({ compression: "deflate" }).toBuffer(),
  "big-endian tiff": () => scene().tiff({ compression: "lzw", bigtiff: true }).toBuffer(),
  gif: () => scene().gif().toBuffer(),
  svg: async () =>
    Buffer.from(
      '<?xml version="1.0"?><!-- a --><svg xmlns="http://www.w3.org/2000/svg" width="320" height="200"><rect width="320" height="200" fill="#478"/><circle cx="90" cy="80" r="60" fill="#fa3"/></svg>',
    ),
};

describe.each(Object.entries(inputs))("%s", (_, make) => {
  test.each(outputs)("to %s, as a direct conversion has it", async (format) => {
    const data = await make();
    const result = await convert(data, { format, width: 160, quality: 90 }, { name: "photo.bin" });
    expect(result.meta).toMatchObject({ width: 160, height: 100, format, frames: 1 });
    expect(result.meta.savedBytes).toBe(data.length - result.data.length);
    expect(result).toMatchObject({
      name: `photo.${formats[format].extension}`,
      mediaType: formats[format].mediaType,
    });
    const header = await sharp(result.data).metadata();
    expect(header.format).toBe(format === "avif" ? "heif" : format);
    expect([header.width, header.height]).toEqual([160, 100]);
    // GIF has only 256 colors, so allow a larger difference.
    expect(await difference(result.data, sharp(data).resize(160))).toBeLessThan(format === "gif" ? 6 : 3);
  });

  test("to its own format", async () => {
    const data = await make();
    const { meta } = await convert(data, { format: "original" });
    const own = (await sharp(data).metadata()).format;
    expect(meta.format).toBe(own === "svg" ? "png" : own === "heif" ? "avif" : own);
  });
});

describe("transparency", () => {
  test.each(["png", "webp", "avif", "tiff", "gif"])("is kept in %s", async (format) => {
    const { data } = await convert(await withHole(), { format });
    expect((await colourAt(data, 0.5, 0.5))[3]).toBe(0);
    expect((await colourAt(data, 0.05, 0.05))[3]).toBe(255);
  });

  test.each(["#ff0000", "#f00", "#ff000000", "#f000"])(
    "lies on the background %s in JPEG",
    async (background) => {
      const { data } = await convert(await withHole(), { format: "jpeg", background });
      const [red, green, blue] = await colourAt(data, 0.5, 0.5);
      expect(red).toBeGreaterThan(245);
      expect(green! + blue!).toBeLessThan(20);
    },
  );

  test("contain adds the background, transparent where the format allows it", async () => {
    const data = await scene(200, 100).png().toBuffer();
    const square = { width: 100, height: 100, fit: "contain" };
    const clear = await convert(data, { ...square, format: "png", background: "#00000000" });
    expect((await colourAt(clear.data, 0.5, 0.02))[3]).toBe(0);
    const green = await convert(data, { ...square, format: "jpeg", background: "#00ff0000" });
    expect((await colourAt(green.data, 0.5, 0.02))[1]).toBeGreaterThan(245);
    expect(green.meta).toMatchObject({ width: 100, height: 100 });
  });
});

describe("animation", () => {
  const colours = ["#ff0000", "#00ff00", "#0000ff"];

  test.each([
    ["gif", "webp"],
    ["gif", "gif"],
    ["webp", "gif"],
    ["webp", "webp"],
    ["gif", "original"],
    ["webp", "original"],
  ] as const)("%s to %s keeps frames, delays and loops", async (from, to) => {
    const result = await convert(await animation(from, colours), { format: to, width: 30 });
    expect(result.meta).toMatchObject({ width: 30, height: 20, frames: 3 });
    const header = await sharp(result.data).metadata();
    expect(header).toMatchObject({ pages: 3, delay: [100, 150, 200], loop: 3 });
    expect(await colourAt(result.data, 0.5, 0.5, 0)).toEqual([
      expect.closeTo(255, -1),
      expect.closeTo(0, -1),
      0,
      255,
    ]);
    expect((await colourAt(result.data, 0.5, 0.5, 2))[2]).toBeGreaterThan(245);
  });

  test.each(["jpeg", "png", "avif", "tiff"])("%s gets the first frame", async (format) => {
    const result = await convert(await animation("gif", colours), { format });
    expect(result.meta).toMatchObject({ width: 60, height: 40, frames: 1 });
    const [red, green] = await colourAt(result.data, 0.5, 0.5);
    expect(red! - green!).toBeGreaterThan(230);
  });

  test("is dropped when it is not wanted", async () => {
    const { meta } = await convert(await animation("webp", colours), { animated: false });
    expect(meta.frames).toBe(1);
  });
});

test("lossless keeps every pixel", async () => {
  const data = await scene().png().toBuffer();
  const { data: webp } = await convert(data, { lossless: true });
  expect(await difference(webp, data)).toBe(0);
});

test.each(["webp", "avif", "png"])("lossless %s keeps colors under full transparency", async (format) => {
  const hidden = Buffer.from(
    Array.from({ length: 64 * 64 * 4 }, (_, at) => (at % 4 === 3 ? 0 : (at * 7) % 256)),
  );
  const data = await sharp(hidden, { raw: { width: 64, height: 64, channels: 4 } })
    .png()
    .toBuffer();
  const result = await convert(data, { format, lossless: true });
  expect((await sharp(result.data).raw().toBuffer()).equals(hidden)).toBe(true);
});

test("quality decides about the bytes", async () => {
  const data = await scene().png().toBuffer();
  for (const format of ["jpeg", "webp", "avif"]) {
    const [low, high] = await Promise.all([20, 95].map((quality) => convert(data, { format, quality })));
    expect(low!.data.length).toBeLessThan(high!.data.length);
  }
});

test.each([
  ["a.JPG", "a.webp"],
  ["archive.tar.png", "archive.tar.webp"],
  ["my. holiday", "my. holiday.webp"],
  ["사진.jpeg", "사진.webp"],
  [".jpg", "jpg.webp"],
  ["", "file.webp"],
])("the name %j becomes %j", async (name, expected) => {
  expect((await convert(await scene(8, 8).png().toBuffer(), {}, { name })).name).toBe(expected);
});

test("an SVG is drawn anew at a larger size", async () => {
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="5" height="10" fill="red"/></svg>',
  );
  const { data, meta } = await convert(svg, { width: 400, enlarge: true, format: "png" });
  expect(meta).toMatchObject({ width: 400, height: 400 });
  // A scaled-up raster would have a blurred edge.
  expect(await colourAt(data, 0.49, 0.5)).toEqual([255, 0, 0, 255]);
  expect((await colourAt(data, 0.51, 0.5))[3]).toBe(0);
});
