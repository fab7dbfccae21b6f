import { deflateSync } from "node:zlib";
import { pngDataLength, writePng } from "../pictures/png.ts";

/** A black interlaced PNG with 16-bit RGBA. The file is a thousandth of its decoded size. */
export function largePng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([16, 6, 0, 0, 1], 8);
  const length = pngDataLength({ width, height, bits: 16, colorType: 6, interlaced: true });
  return writePng([
    { type: "IHDR", body: header },
    { type: "IDAT", body: deflateSync(Buffer.alloc(length), { level: 9 }) },
    { type: "IEND", body: Buffer.alloc(0) },
  ]);
}

/** A TIFF of one compressed strip, with many 8-bit samples per pixel. */
export function bandTiff(width: number, height: number, bands: number): Buffer {
  const strip = deflateSync(Buffer.alloc(width * height * bands, 90), { level: 9 });
  const lists = 8 + 2 + 11 * 12 + 4;
  const entries: [tag: number, type: 3 | 4, count: number, value: number][] = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, bands, lists],
    [259, 3, 1, 8],
    [262, 3, 1, 1],
    [273, 4, 1, lists + bands * 4],
    [277, 3, 1, bands],
    [278, 4, 1, height],
    [279, 4, 1, strip.length],
    [284, 3, 1, 1],
    [338, 3, bands - 1, lists + bands * 2],
  ];
  const head = Buffer.alloc(lists + bands * 4);
  head.write("II*\0", "latin1");
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(entries.length, 8);
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    const at = 10 + index * 12;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(count, at + 4);
    head.writeUInt32LE(value, at + 8);
  }
  for (let band = 0; band < bands; band++) head.writeUInt16LE(8, lists + band * 2);
  return Buffer.concat([head, strip]);
}
