import { createDeflate, gzipSync } from "node:zlib";
import sharp from "sharp";
import { manyFrames } from "../../src/pipelines/image-convert/test-frames.ts";
import { pngChunk, pngDataLength, writePng } from "../../src/pipelines/pictures/png.ts";
import { drawings } from "./drawings.ts";

/** A small file that causes much work or needs much memory. */
export interface Bomb {
  name: string;
  content: Buffer;
  options?: object;
}

const GIB = 2 ** 30;
const MEGA = 7_000;

/** Files of each format that lie about their size, unpack to far more than their size, or contain cycles. */
export async function pictureBombs(): Promise<Bomb[]> {
  const [million, gibibyte] = [await zeros(2 ** 20), await zeros(GIB)];
  const text = (keyword: string, packed: Buffer) => Buffer.concat([Buffer.from(`${keyword}\0\0`), packed]);
  const small = await png(9, 9);
  const beside = (...chunks: Buffer[]) => withChunks(small, Buffer.concat(chunks));
  const animated = { animated: true, format: "webp" };
  const noise = grain(MEGA * MEGA);
  const raw = { width: MEGA, height: MEGA, channels: 1 } as const;
  return [
    { name: "sides.png", content: withSides(small, 60_000, 60_000) },
    { name: "interlaced.png", content: await png(MEGA, MEGA, { bits: 16, interlaced: true }) },
    { name: "long.png", content: await png(49_999_999, 1) },
    {
      name: "deep-and-marked.png",
      content: await png(MEGA, MEGA, { bits: 16, interlaced: true }),
      options: { format: "png", width: 6_900, watermark: { text: "bomb", size: 1 } },
    },
    {
      name: "deep-on-canvas.png",
      content: await png(MEGA, MEGA, { bits: 16 }),
      options: { format: "tiff", width: 7_000, height: 7_100, fit: "contain", watermark: { text: "bomb" } },
    },
    {
      name: "tall-and-cut.png",
      content: await png(1, 49_999_999),
      options: { height: 10_000, format: "jpeg" },
    },
    { name: "tall.png", content: await png(1, 49_999_999), options: { width: 9, height: 9, fit: "fill" } },
    { name: "profile.png", content: beside(pngChunk("iCCP", text("a", gibibyte))) },
    { name: "texts.png", content: beside(...Array(15).fill(pngChunk("zTXt", text("a", gibibyte)))) },
    { name: "chunks.png", content: beside(Buffer.alloc(500_000 * 12, pngChunk("aaAa", Buffer.alloc(0)))) },
    { name: "frames.gif", content: await manyFrames("GIF", 10_000, 70), options: animated },
    {
      name: "more-frames.gif",
      content: await manyFrames("GIF", 300_000),
      options: { ...animated, width: 5 },
    },
    {
      name: "most-frames.gif",
      content: await manyFrames("GIF", 2_000, 150),
      options: { ...animated, width: 90 },
    },
    { name: "frames.webp", content: await manyFrames("WebP", 300_000), options: { ...animated, width: 5 } },
    { name: "still.webp", content: await manyFrames("WebP", 300_000, MEGA), options: { format: "jpeg" } },
    { name: "most-frames.webp", content: await manyFrames("WebP", 2_000, 150), options: { format: "gif" } },
    { name: "frames.png", content: await manyFrames("PNG", 200_000), options: animated },
    { name: "still.png", content: await manyFrames("PNG", 200_000), options: { format: "jpeg" } },
    {
      name: "most-frames.png",
      content: await manyFrames("PNG", 2_000, 150),
      options: { ...animated, width: 90 },
    },
    { name: "large-frames.gif", content: await manyFrames("GIF", 10_000, MEGA), options: animated },
    { name: "screen.gif", content: await manyFrames("GIF", 1, 65_535) },
    {
      name: "colors.gif",
      content: await sharp(noise, { raw }).gif({ effort: 1 }).toBuffer(),
      options: { format: "png" },
    },
    {
      name: "noise.jpg",
      content: await sharp(noise, { raw }).jpeg({ quality: 30 }).toBuffer(),
      options: { format: "tiff" },
    },
    { name: "bands.tif", content: tiff([page({ samples: 60_000 })], million) },
    { name: "samples.tif", content: tiff([page({ side: MEGA, bits: 64, samples: 16 })], million) },
    { name: "tile.tif", content: tiff([page({ tile: 65_520 })], million) },
    {
      name: "pages.tif",
      content: tiff(Array(3_000).fill(page({ side: MEGA })), million),
      options: { pages: "all" },
    },
    {
      name: "large-pages.tif",
      content: tiff(Array(199).fill(page({ side: MEGA })), million),
      options: { pages: "all" },
    },
    {
      name: "overlap.tif",
      content: tiff(Array(2_000).fill(page({ strips: 250_000 })), Buffer.alloc(GIB / 1_024)),
    },
    {
      name: "spaces.svgz",
      content: gzipSync(`<svg xmlns="http://www.w3.org/2000/svg">${" ".repeat(60_000_000)}`),
    },
    { name: "zeros.svgz", content: gzipSync(gzipSync(Buffer.alloc(GIB / 4))) },
    ...drawings(await png(MEGA, MEGA)),
  ];
}

/** Random pixels in four shades of gray. */
function grain(pixels: number): Buffer {
  const data = Buffer.alloc(pixels);
  let seed = 1;
  for (let n = 0; n < pixels; n++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    data[n] = ((seed >> 16) & 3) * 85;
  }
  return data;
}

/** A zlib stream of `bytes` zeros, compressed without holding them in memory. */
async function zeros(bytes: number): Promise<Buffer> {
  const block = Buffer.alloc(2 ** 20);
  const deflate = createDeflate({ level: 1 });
  const packed = (async () => Buffer.concat(await Array.fromAsync(deflate as AsyncIterable<Buffer>)))();
  for (let left = bytes; left > 0; left -= block.length) {
    if (!deflate.write(block.subarray(0, Math.min(left, block.length))))
      await new Promise((resolve) => deflate.once("drain", resolve));
  }
  deflate.end();
  return packed;
}

/** A transparent image. */
export async function png(
  width: number,
  height: number,
  { bits = 8, interlaced = false } = {},
): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, 6, 0, 0, Number(interlaced)], 8);
  const length = pngDataLength({ width, height, bits, colorType: 6, interlaced });
  return writePng([
    { type: "IHDR", body: header },
    { type: "IDAT", body: await zeros(length) },
    { type: "IEND", body: Buffer.alloc(0) },
  ]);
}

const PNG_HEAD_BYTES = 33;

function withChunks(file: Buffer, chunks: Buffer): Buffer {
  return Buffer.concat([file.subarray(0, PNG_HEAD_BYTES), chunks, file.subarray(PNG_HEAD_BYTES)]);
}

function withSides(file: Buffer, width: number, height: number): Buffer {
  const header = Buffer.from(file.subarray(16, 29));
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  return Buffer.concat([file.subarray(0, 8), pngChunk("IHDR", header), file.subarray(PNG_HEAD_BYTES)]);
}

type Entry = [tag: number, type: 3 | 4, count: number, value: number | "pixels"];

/** The directory of a TIFF page with deflated pixels. */
function page({ side = 1_000, bits = 8, samples = 3, tile = 0, strips = 1 }): Entry[] {
  const [offsets, lengths] = tile > 0 ? [324, 325] : [273, 279];
  return [
    [256, 4, 1, side],
    [257, 4, 1, side],
    [258, 3, 1, bits],
    [259, 3, 1, 8],
    [262, 3, 1, 2],
    [offsets, 4, strips, "pixels"],
    [277, 3, 1, samples],
    [lengths, 4, strips, strips > 1 ? "pixels" : 1_000],
    ...(tile > 0
      ? ([
          [322, 4, 1, tile],
          [323, 4, 1, tile],
        ] satisfies Entry[])
      : []),
  ];
}

/** A TIFF whose pages all share the same pixels. */
function tiff(pages: readonly Entry[][], pixels: Buffer): Buffer {
  const head = Buffer.from("II*\0\0\0\0\0", "latin1");
  head.writeUInt32LE(head.length + pixels.length, 4);
  let at = head.length + pixels.length;
  const directories = pages.map((entries, index) => {
    const directory = Buffer.alloc(2 + entries.length * 12 + 4);
    let to = directory.writeUInt16LE(entries.length, 0);
    for (const [tag, type, count, value] of entries.toSorted(([a], [b]) => a - b)) {
      to = directory.writeUInt16LE(tag, to);
      to = directory.writeUInt16LE(type, to);
      to = directory.writeUInt32LE(count, to);
      to = directory.writeUInt32LE(value === "pixels" ? head.length : value, to);
    }
    at += directory.length;
    directory.writeUInt32LE(index + 1 < pages.length ? at : 0, to);
    return directory;
  });
  return Buffer.concat([head, pixels, ...directories]);
}
