import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { pngChunk, readPng } from "../pictures/png.ts";
import { animation, colourAt, convert, difference, scene, withHole } from "./test-pictures.ts";

/** A 4 × 2 bitmap with the given header fields. Rows are from bottom to top. */
function bmp(
  bits: number,
  rows: number[][],
  extra: { compression?: number; palette?: number[][]; height?: number; masks?: number[] } = {},
): Buffer {
  const { compression = 0, palette = [], height = 2, masks = [] } = extra;
  const header = Buffer.alloc(54 + masks.length * 4 + palette.length * 4);
  header.write("BM", "latin1");
  header.writeUInt32LE(header.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(4, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(bits, 28);
  header.writeUInt32LE(compression, 30);
  header.writeUInt32LE(11_811, 38);
  header.writeUInt32LE(palette.length, 46);
  for (const [index, mask] of masks.entries()) header.writeUInt32LE(mask, 54 + index * 4);
  for (const [index, [red, green, blue]] of palette.entries())
    header.set([blue!, green!, red!], 54 + masks.length * 4 + index * 4);
  return Buffer.concat([header, ...rows.map((row) => Buffer.from(row))]);
}

const palette = [
  [0, 0, 0],
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
];
const [black, red, green, blue] = palette;

describe("BMP", () => {
  // The upper row is red, green, blue and black. The lower one is all black.
  const upper = [red, green, blue, black];
  test.each<[string, Buffer]>([
    ["24 bits", bmp(24, [Array(12).fill(0), [0, 0, 255, 0, 255, 0, 255, 0, 0, 0, 0, 0]])],
    [
      "24 bits from the top",
      bmp(24, [[0, 0, 255, 0, 255, 0, 255, 0, 0, 0, 0, 0], Array(12).fill(0)], { height: -2 }),
    ],
    ["32 bits", bmp(32, [Array(16).fill(0), [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0]])],
    ["16 bits", bmp(16, [Array(8).fill(0), [0, 0x7c, 0xe0, 3, 0x1f, 0, 0, 0]])],
    [
      "565",
      bmp(16, [Array(8).fill(0), [0, 0xf8, 0xe0, 7, 0x1f, 0, 0, 0]], {
        compression: 3,
        masks: [0xf800, 0x7e0, 0x1f],
      }),
    ],
    [
      "8 bits",
      bmp(
        8,
        [
          [0, 0, 0, 0],
          [1, 2, 3, 0],
        ],
        { palette },
      ),
    ],
    [
      "4 bits",
      bmp(
        4,
        [
          [0, 0, 0, 0],
          [0x12, 0x30, 0, 0],
        ],
        { palette },
      ),
    ],
    [
      "2 bits",
      bmp(
        2,
        [
          [0, 0, 0, 0],
          [0b01101100, 0, 0, 0],
        ],
        { palette },
      ),
    ],
    [
      "RLE in 8 bits",
      bmp(
        8,
        [
          [4, 0, 0, 0],
          [0, 4, 1, 2, 3, 0],
          [0, 1],
        ],
        { palette, compression: 1 },
      ),
    ],
    [
      "RLE in 4 bits",
      bmp(
        4,
        [
          [4, 0, 0, 0],
          [0, 4, 0x12, 0x30],
          [0, 1],
        ],
        { palette, compression: 2 },
      ),
    ],
  ])("%s", async (_, data) => {
    const result = await convert(data, { format: "png" });
    expect(result.meta).toMatchObject({ width: 4, height: 2 });
    const colors = await Promise.all([0, 1, 2, 3].map((x) => colourAt(result.data, (x + 0.5) / 4, 0)));
    expect(colors.map((color) => color.slice(0, 3))).toEqual(upper);
    expect((await colourAt(result.data, 0.9, 0.9)).slice(0, 3)).toEqual(black);
    const header = await sharp((await convert(data, { format: "tiff" })).data).metadata();
    expect(header.density).toBe(300);
  });

  test.each([
    ["a scene", () => scene().png().toBuffer()],
    ["transparency", () => withHole()],
    ["gray", () => scene().toColourspace("b-w").png().toBuffer()],
    ["two colors", () => scene().threshold(120).toColourspace("b-w").png().toBuffer()],
    ["16 bits", () => scene().toColourspace("rgb16").png().toBuffer()],
  ])("%s comes back as it was written", async (_, make) => {
    const data = await make();
    const written = await convert(data, { format: "bmp" }, { name: "a.png" });
    expect(written).toMatchObject({ name: "a.bmp", mediaType: "image/bmp" });
    const back = await convert(written.data, { format: "png" });
    expect(await difference(back.data, data)).toBeLessThan(0.6);
    expect((await convert(written.data, { format: "original" })).data.subarray(0, 2).toString()).toBe("BM");
  });

  test("a size that is refused, one that is cut off, and a kind that is not known", async () => {
    const huge = bmp(24, []);
    huge.writeInt32LE(30_000, 18);
    huge.writeInt32LE(30_000, 22);
    await expect(convert(huge)).rejects.toMatchObject({ code: "too_many_pixels" });
    const short = (await convert(await scene().png().toBuffer(), { format: "bmp" })).data;
    await expect(convert(short.subarray(0, short.length / 2))).rejects.toMatchObject({
      message: expect.stringMatching(/truncated after (49|50)%/),
    });
    expect((await convert(short.subarray(0, short.length / 2), { tolerant: true })).warned).toEqual([
      "cut_off",
    ]);
    await expect(convert(bmp(24, [], { compression: 4 }))).rejects.toMatchObject({
      message: "The file is a BMP with 24 bits per pixel and compression 4, which is not supported.",
    });
  });
});

function ico(...pictures: [size: number, data: Buffer][]): Buffer {
  const head = Buffer.alloc(6 + pictures.length * 16);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let at = head.length;
  for (const [index, [size, data]] of pictures.entries()) {
    head.set([size % 256, size % 256], 6 + index * 16);
    head.writeUInt32LE(data.length, 14 + index * 16);
    head.writeUInt32LE(at, 18 + index * 16);
    at += data.length;
  }
  return Buffer.concat([head, ...pictures.map(([, data]) => data)]);
}

describe("ICO", () => {
  test("the largest picture, which may be a PNG", async () => {
    const pictures = await Promise.all(
      [16, 256, 32].map(async (size) => [size, await scene(size, size).png().toBuffer()] as [number, Buffer]),
    );
    const { data, meta, name } = await convert(
      ico(...pictures),
      { format: "original" },
      { name: "favicon.ico" },
    );
    expect(meta).toMatchObject({ width: 256, height: 256, format: "png" });
    expect(name).toBe("favicon.png");
    expect(await difference(data, pictures[1]![1])).toBe(0);
  });

  test("a bitmap with a mask", async () => {
    const whole = bmp(
      8,
      [
        [0, 0, 0, 0],
        [1, 2, 3, 0],
      ],
      { palette, height: 4 },
    );
    // The mask's lower row is fully transparent.
    const bitmap = Buffer.concat([whole.subarray(14), Buffer.from([0xf0, 0, 0, 0, 0, 0, 0, 0])]);
    const { data, meta } = await convert(ico([4, bitmap]), { format: "png" });
    expect(meta).toMatchObject({ width: 4, height: 2 });
    expect(await colourAt(data, 0.1, 0.1)).toEqual([255, 0, 0, 255]);
    expect((await colourAt(data, 0.1, 0.9))[3]).toBe(0);
  });

  test("an empty one is refused", async () => {
    await expect(convert(ico())).rejects.toMatchObject({ message: "The file is an icon without an image." });
  });
});

/** Three frames: red, a green dot over it that is then removed, and a blue dot in its place. */
async function apng(): Promise<Buffer> {
  const still = readPng(
    await sharp({ create: { width: 20, height: 10, channels: 4, background: "#ff0000" } })
      .png()
      .toBuffer(),
  );
  const dot = async (background: string) => {
    const chunks = readPng(
      await sharp({ create: { width: 5, height: 5, channels: 4, background } })
        .png()
        .toBuffer(),
    );
    return Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ body }) => body));
  };
  const control = (order: number, width: number, height: number, left: number, dispose: number) => {
    const body = Buffer.alloc(26);
    for (const [index, value] of [order, width, height, left, 0].entries())
      body.writeUInt32BE(value, index * 4);
    body.writeUInt16BE(order + 1, 20);
    body.writeUInt16BE(10, 22);
    body.set([dispose, 1], 24);
    return pngChunk("fcTL", body);
  };
  const frames = Buffer.alloc(8);
  frames.set([0, 0, 0, 3, 0, 0, 0, 2]);
  const data = (order: number, body: Buffer) =>
    pngChunk("fdAT", Buffer.concat([Buffer.from([0, 0, 0, order]), body]));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    pngChunk("IHDR", still[0]!.body),
    pngChunk("acTL", frames),
    control(0, 20, 10, 0, 0),
    ...still.filter(({ type }) => type === "IDAT").map(({ body }) => pngChunk("IDAT", body)),
    control(1, 5, 5, 0, 2),
    data(2, await dot("#00ff00")),
    control(3, 5, 5, 10, 0),
    data(4, await dot("#0000ff")),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("APNG", () => {
  test.each([{}, { width: 40, height: 20, enlarge: true }])(
    "%j keeps frames, delays and loops",
    async (options) => {
      const result = await convert(await apng(), { ...options, format: "webp", lossless: true });
      expect(result.meta).toMatchObject({ frames: 3 });
      expect(await sharp(result.data).metadata()).toMatchObject({
        pages: 3,
        delay: [100, 200, 400],
        loop: 2,
      });
      const at = (page: number, x: number) => colourAt(result.data, x, 0.2, page);
      expect(await at(0, 0.1)).toEqual([255, 0, 0, 255]);
      expect(await at(1, 0.1)).toEqual([0, 255, 0, 255]);
      expect(await at(2, 0.1)).toEqual([255, 0, 0, 255]);
      expect(await at(2, 0.6)).toEqual([0, 0, 255, 255]);
    },
  );

  test("where the format is no animation, the first frame and a warning", async () => {
    for (const format of ["original", "jpeg"]) {
      const { meta, warned } = await convert(await apng(), { format });
      expect(meta).toMatchObject({ frames: 1, width: 20 });
      expect(warned).toEqual(["frames_dropped"]);
    }
    expect((await convert(await animation("gif", ["#f00", "#00f"]), { format: "bmp" })).warned).toEqual([
      "frames_dropped",
    ]);
  });
});
