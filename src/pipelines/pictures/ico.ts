import { type BmpHeader, bmpRowBytes, decodeBmp, readBmpHeader } from "./bmp.ts";
import type { Canvas } from "./canvas.ts";
import { cutOff, undecodable } from "./failure.ts";
import { PNG_SIGNATURE } from "./png.ts";

/** The largest image of an icon: a PNG, or a bitmap whose lower half is a mask. */
export type IcoEntry = { png: Buffer } | { bitmap: Buffer; header: BmpHeader };

const BITMAP_HEADER = 40;

export function readIco(data: Buffer, what: string): IcoEntry {
  const count = data.length < 6 ? 0 : data.readUInt16LE(4);
  const entries = Array.from({ length: count }, (_, index) => 6 + index * 16)
    .filter((at) => at + 16 <= data.length)
    .map((at) => ({
      pixels: (data[at] || 256) * (data[at + 1] || 256),
      bits: data.readUInt16LE(at + 6),
      length: data.readUInt32LE(at + 8),
      offset: data.readUInt32LE(at + 12),
    }))
    .sort((one, other) => other.pixels - one.pixels || other.bits - one.bits);
  const [best] = entries;
  if (!best) throw undecodable(`${what} is an icon without an image.`);
  const bytes = data.subarray(best.offset, best.offset + best.length);
  if (bytes.length < BITMAP_HEADER) throw cutOff(what);
  if (bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return { png: bytes };
  const header = readBmpHeader(bytes, what, 0);
  return { bitmap: bytes, header: { ...header, height: Math.floor(header.height / 2) } };
}

/** Decodes an icon's bitmap. A 32-bit bitmap has its own alpha, which applies unless it is all zero. */
export function decodeIcoBitmap(
  bitmap: Buffer,
  header: BmpHeader,
  options: { what: string; tolerant: boolean },
): Canvas {
  const { width, height, bits } = header;
  const masks = bits === 32 ? ([0xff0000, 0xff00, 0xff, 0xff000000] as const) : header.masks;
  const canvas = decodeBmp(bitmap, { ...header, masks }, options);
  const hasAlpha = bits === 32 && canvas.data.some((value, at) => at % 4 === 3 && value > 0);
  if (hasAlpha) return canvas;
  const mask = header.pixels + bmpRowBytes(width, bits) * height;
  const maskRow = bmpRowBytes(width, 1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = bitmap[mask + (height - 1 - y) * maskRow + (x >> 3)] ?? 0;
      canvas.data[(y * width + x) * 4 + 3] = (byte >> (7 - (x & 7))) & 1 ? 0 : 255;
    }
  }
  return canvas;
}
