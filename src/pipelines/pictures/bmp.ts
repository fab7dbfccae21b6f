import type { Canvas } from "./canvas.ts";
import { afterPercent, cutOff, undecodable } from "./failure.ts";

export interface BmpHeader {
  width: number;
  height: number;
  bits: number;
  topDown: boolean;
  compression: number;
  /** In dots per inch. `null` if unknown. */
  density: number | null;
  palette: readonly (readonly [number, number, number])[];
  masks: readonly [red: number, green: number, blue: number, alpha: number];
  /** Offset of the pixels. */
  pixels: number;
}

const FILE_HEADER = 14;
const [RGB, RLE8, RLE4, BITFIELDS, ALPHABITFIELDS] = [0, 1, 2, 3, 6];
const METERS_TO_INCH = 0.0254;

/** Reads the header of a BMP, or at `at`, of a bitmap without file header. */
export function readBmpHeader(data: Buffer, what: string, at = FILE_HEADER): BmpHeader {
  try {
    return headerAt(data, what, at);
  } catch (error) {
    if (error instanceof RangeError) throw cutOff(what, afterPercent(0), error);
    throw error;
  }
}

function headerAt(data: Buffer, what: string, at: number): BmpHeader {
  const size = data.readUInt32LE(at);
  const old = size === 12;
  if (!old && (size < 16 || size > 512)) throw undecodable(`${what} has an unknown BMP header.`);
  const field = (offset: number) => (offset + 4 <= size ? data.readUInt32LE(at + offset) : 0);
  const down = old ? data.readUInt16LE(at + 6) : data.readInt32LE(at + 8);
  const bits = data.readUInt16LE(at + (old ? 10 : 14));
  const compression = old ? RGB! : field(16);
  checkKind(bits, compression, what);
  const hasMasks = compression === BITFIELDS || compression === ALPHABITFIELDS;
  const masksInside = size >= 52;
  const masksBehind = hasMasks && !masksInside ? (compression === ALPHABITFIELDS ? 16 : 12) : 0;
  const paletteAt = at + size + masksBehind;
  const colors = bits > 8 ? 0 : Math.min(old ? 0 : field(32), 256) || 2 ** bits;
  const bytes = old ? 3 : 4;
  const end = paletteAt + colors * bytes;
  return {
    width: old ? data.readUInt16LE(at + 4) : Math.abs(data.readInt32LE(at + 4)),
    height: Math.abs(down),
    topDown: down < 0,
    bits,
    compression,
    density: Math.round(field(24) * METERS_TO_INCH) || null,
    palette: Array.from({ length: colors }, (_, index) => {
      const color = paletteAt + index * bytes;
      return [data[color + 2] ?? 0, data[color + 1] ?? 0, data[color] ?? 0] as const;
    }),
    masks: hasMasks ? readMasks(data, at, size, compression) : defaultMasks(bits),
    pixels: at === FILE_HEADER ? Math.max(end, data.readUInt32LE(10)) : end,
  };
}

function checkKind(bits: number, compression: number, what: string): void {
  const fits: Record<number, number[]> = { [RGB!]: [1, 2, 4, 8, 16, 24, 32], [RLE8!]: [8], [RLE4!]: [4] };
  const known = fits[compression] ?? ([BITFIELDS, ALPHABITFIELDS].includes(compression) ? [16, 32] : []);
  if (known.includes(bits)) return;
  throw undecodable(
    `${what} is a BMP with ${bits} bits per pixel and compression ${compression}, which is not supported.`,
  );
}

function readMasks(data: Buffer, at: number, size: number, compression: number): BmpHeader["masks"] {
  const mask = (index: number) => data.readUInt32LE(at + 40 + index * 4);
  const hasAlpha = size >= 56 || compression === ALPHABITFIELDS;
  return [mask(0), mask(1), mask(2), hasAlpha ? mask(3) : 0];
}

function defaultMasks(bits: number): BmpHeader["masks"] {
  return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
}

/**
 * Decodes the pixels of a BMP. Check its size first.
 * @param tolerant leave missing pixels transparent
 */
export function decodeBmp(
  data: Buffer,
  header: BmpHeader,
  options: { what: string; tolerant: boolean },
): Canvas & { complete: number } {
  const { width, height, compression } = header;
  const pixels = new Uint8Array(width * height * 4);
  const isRle = compression === RLE8 || compression === RLE4;
  const complete = isRle ? readRle(data, header, pixels) : readRows(data, header, pixels);
  const alphas = header.masks[3] !== 0 && complete === 1;
  // Writers without alpha support leave it zero.
  if (alphas && isTransparent(pixels)) fillAlpha(pixels);
  if (complete < 1 && !options.tolerant) throw cutOff(options.what, afterPercent(complete));
  return { data: pixels, width, height, channels: 4, complete };
}

function isTransparent(pixels: Uint8Array): boolean {
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at]! > 0) return false;
  return true;
}

function fillAlpha(pixels: Uint8Array): void {
  for (let at = 3; at < pixels.length; at += 4) pixels[at] = 255;
}

/** Bytes per row, padded to a multiple of four. */
export function bmpRowBytes(width: number, bits: number): number {
  return Math.ceil((width * bits) / 32) * 4;
}

function readRows(data: Buffer, header: BmpHeader, pixels: Uint8Array): number {
  const { width, height, bits, topDown, pixels: start } = header;
  const rowBytes = bmpRowBytes(width, bits);
  const used = Math.ceil((width * bits) / 8);
  const read = bits <= 8 ? paletteReader(data, header) : maskReader(data, header);
  for (let row = 0; row < height; row++) {
    const from = start + row * rowBytes;
    if (from + used > data.length) return row / height;
    const y = topDown ? row : height - 1 - row;
    for (let x = 0; x < width; x++) read(from, x, pixels, (y * width + x) * 4);
  }
  return 1;
}

/** One byte each. */
const USUAL_MASKS = [0xff0000, 0xff00, 0xff, 0xff000000];

type ReadPixel = (row: number, x: number, pixels: Uint8Array, to: number) => void;

function paletteReader(data: Buffer, { bits, palette }: BmpHeader): ReadPixel {
  return (row, x, pixels, to) => {
    const bit = x * bits;
    const index = (data[row + (bit >> 3)]! >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
    put(pixels, to, palette[index]);
  };
}

function maskReader(data: Buffer, { bits, masks }: BmpHeader): ReadPixel {
  const bytes = bits / 8;
  const usual = bits >= 24 && masks.slice(0, 3).every((mask, band) => mask === USUAL_MASKS[band]);
  const [red, green, blue, alpha] = masks.map(channelOf);
  if (usual && (masks[3] === 0 || masks[3] === USUAL_MASKS[3])) {
    const hasAlpha = masks[3] !== 0;
    return (row, x, pixels, to) => {
      const from = row + x * bytes;
      pixels[to] = data[from + 2]!;
      pixels[to + 1] = data[from + 1]!;
      pixels[to + 2] = data[from]!;
      pixels[to + 3] = hasAlpha ? data[from + 3]! : 255;
    };
  }
  return (row, x, pixels, to) => {
    const value = data.readUIntLE(row + x * bytes, bytes);
    pixels[to] = red!(value);
    pixels[to + 1] = green!(value);
    pixels[to + 2] = blue!(value);
    pixels[to + 3] = alpha!(value);
  };
}

/** Scales a mask's bits to 0 to 255. Returns 255 without a mask. */
function channelOf(mask: number): (value: number) => number {
  if (mask === 0) return () => 255;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (value) => Math.round((((value & mask) >>> shift) * 255) / most);
}

const BLACK = [0, 0, 0] as const;

function put(pixels: Uint8Array, to: number, color: readonly [number, number, number] | undefined): void {
  const [red, green, blue] = color ?? BLACK;
  pixels[to] = red;
  pixels[to + 1] = green;
  pixels[to + 2] = blue;
  pixels[to + 3] = 255;
}

/** Decodes runs, literal pixels and jumps. Skipped pixels stay transparent, as in browsers. */
function readRle(data: Buffer, header: BmpHeader, pixels: Uint8Array): number {
  const { width, height, bits, topDown, palette } = header;
  let [x, row] = [0, 0];
  const draw = (index: number) => {
    if (x < width && row < height) {
      put(pixels, ((topDown ? row : height - 1 - row) * width + x) * 4, palette[index]);
    }
    x += 1;
  };
  const sample = (byte: number, nth: number) => (bits === 8 ? byte : nth % 2 === 0 ? byte >> 4 : byte & 15);
  let at = header.pixels;
  while (at + 1 < data.length && row < height) {
    const [count, value] = [data[at]!, data[at + 1]!];
    at += 2;
    if (count > 0) for (let nth = 0; nth < count; nth++) draw(sample(value, nth));
    else if (value === 0) [x, row] = [0, row + 1];
    else if (value === 1) return 1;
    else if (value === 2) {
      x += data[at] ?? 0;
      row += data[at + 1] ?? 0;
      at += 2;
    } else {
      for (let nth = 0; nth < value; nth++) draw(sample(data[at + (bits === 8 ? nth : nth >> 1)] ?? 0, nth));
      at += Math.ceil(bits === 8 ? value / 2 : value / 4) * 2;
    }
  }
  // The last row may lack its end marker.
  return row >= height || (row === height - 1 && x >= width) ? 1 : row / height;
}
