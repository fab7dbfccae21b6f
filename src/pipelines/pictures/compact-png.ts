import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { readPng, writePng } from "./png.ts";

type Bits = 1 | 2 | 4 | 8;

/** Chunks that we write anew, and hints that no longer fit. */
const REPLACED: ReadonlySet<string> = new Set([
  "IHDR",
  "PLTE",
  "tRNS",
  "IDAT",
  "IEND",
  "bKGD",
  "sBIT",
  "hIST",
]);

/**
 * Rewrites a PNG with at most 256 colors in fewer bits: 1, 2 or 4 bits of gray, or a palette. Lossless, unlike libvips'
 * palettes. Returns the original if the result is not smaller.
 */
export async function compactPng(png: Buffer): Promise<Buffer> {
  const { data, info } = await sharp(png, { limitInputPixels: false })
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const pixels = new Uint32Array(data.buffer, data.byteOffset, data.length / 4);
  const colors = distinctColors(pixels);
  if (!colors) return png;
  const chunks = readPng(png);
  const kept = chunks.filter(({ type }) => !REPLACED.has(type));
  // A profile fits only the color type that it came with.
  const hasProfile = kept.some(({ type }) => type === "iCCP");
  const isGray = chunks[0]?.body[9] === 0;
  const grayBits = hasProfile && !isGray ? null : bitsOfGray(colors);
  if (hasProfile && isGray && !grayBits) return png;
  const { width, height } = info;
  const compact = grayBits
    ? withGray(pixels, { width, height, bits: grayBits })
    : withPalette(pixels, colors, { width, height, bits: bitsFor(colors.length) });
  const [header, ...rest] = compact;
  const result = writePng([header!, ...kept, ...rest, { type: "IEND", body: Buffer.alloc(0) }]);
  return result.length < png.length ? result : png;
}

/** RGBA values in memory order, transparent ones first as `tRNS` requires. `null` if there are more than 256. */
function distinctColors(pixels: Uint32Array): number[] | null {
  const found = new Set<number>();
  let last = -1;
  for (const pixel of pixels) {
    if (pixel === last) continue;
    last = pixel;
    found.add(pixel);
    if (found.size > 256) return null;
  }
  return [...found].sort((one, other) => alphaOf(one) - alphaOf(other));
}

function bitsFor(colors: number): Bits {
  return colors <= 2 ? 1 : colors <= 4 ? 2 : colors <= 16 ? 4 : 8;
}

/** The fewest bits that represent every gray exactly. `null` if there is color or transparency. */
function bitsOfGray(colors: readonly number[]): Bits | null {
  const isGray = (color: number) =>
    alphaOf(color) === 255 && redOf(color) === greenOf(color) && greenOf(color) === blueOf(color);
  if (!colors.every(isGray)) return null;
  const depths = [1, 2, 4, 8] as const;
  return depths.find((bits) => colors.every((color) => redOf(color) % (255 / (2 ** bits - 1)) === 0))!;
}

interface Layout {
  width: number;
  height: number;
  bits: Bits;
}

interface Chunk {
  type: string;
  body: Buffer;
}

function withGray(pixels: Uint32Array, layout: Layout): Chunk[] {
  const step = 255 / (2 ** layout.bits - 1);
  return [header(layout, 0), rows(pixels, layout, (pixel) => redOf(pixel) / step)];
}

function withPalette(pixels: Uint32Array, colors: readonly number[], layout: Layout): Chunk[] {
  const numbers = new Map(colors.map((color, index) => [color, index]));
  const palette = Buffer.from(colors.flatMap((color) => [redOf(color), greenOf(color), blueOf(color)]));
  const alphas = colors.map(alphaOf).filter((alpha) => alpha < 255);
  return [
    header(layout, 3),
    { type: "PLTE", body: palette },
    ...(alphas.length > 0 ? [{ type: "tRNS", body: Buffer.from(alphas) }] : []),
    rows(pixels, layout, (pixel) => numbers.get(pixel)!),
  ];
}

function header({ width, height, bits }: Layout, colorType: number): Chunk {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([bits, colorType], 8);
  return { type: "IHDR", body };
}

function rows(pixels: Uint32Array, layout: Layout, sampleOf: (pixel: number) => number): Chunk {
  const { width, height, bits } = layout;
  const rowBytes = 1 + Math.ceil((width * bits) / 8);
  const data = Buffer.alloc(rowBytes * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      data[y * rowBytes + 1 + (bit >> 3)]! |= sampleOf(pixels[y * width + x]!) << (8 - bits - (bit & 7));
    }
  }
  return { type: "IDAT", body: deflateSync(data, { level: 9 }) };
}

const redOf = (color: number) => color & 255;
const greenOf = (color: number) => (color >>> 8) & 255;
const blueOf = (color: number) => (color >>> 16) & 255;
const alphaOf = (color: number) => color >>> 24;
