import { bmpRowBytes } from "./bmp.ts";

export interface BmpSource {
  data: Buffer;
  width: number;
  height: number;
  channels: number;
  /** In dots per inch. */
  density: number | null;
}

const [FILE_HEADER, INFO_HEADER, V4_HEADER] = [14, 40, 108];
const BITFIELDS = 3;
const INCH_TO_METERS = 0.0254;

/** Writes 8-bit pixels as BMP: gray with 8 bits (1 bit if there are only two grays), RGB with 24, RGBA with 32. */
export function writeBmp(source: BmpSource): Buffer {
  const { data, channels } = source;
  if (channels === 1) return writeGray(source);
  const hasAlpha = channels !== 3 && !isOpaque(data, channels);
  const bytes = hasAlpha ? 4 : 3;
  const [green, blue] = channels === 2 ? [0, 0] : [1, 2];
  const file = begin(source, { bits: bytes * 8, palette: [] });
  fill(file, source, bytes * 8, (row, y) => {
    let from = y * source.width * channels;
    for (let to = 0; to < source.width * bytes; to += bytes, from += channels) {
      row[to] = data[from + blue]!;
      row[to + 1] = data[from + green]!;
      row[to + 2] = data[from]!;
      if (hasAlpha) row[to + 3] = data[from + channels - 1]!;
    }
  });
  return file;
}

function isOpaque(data: Buffer, channels: number): boolean {
  for (let at = channels - 1; at < data.length; at += channels) if (data[at] !== 255) return false;
  return true;
}

function writeGray(source: BmpSource): Buffer {
  const { data, width } = source;
  const grays = [...new Set(data)].sort((one, other) => one - other);
  const two = grays.length <= 2;
  const palette = two ? grays : Array.from({ length: 256 }, (_, gray) => gray);
  const bits = two ? 1 : 8;
  const file = begin(source, { bits, palette });
  fill(file, source, bits, (row, y) => {
    if (!two) row.set(data.subarray(y * width, (y + 1) * width));
    else for (let x = 0; x < width; x++) row[x >> 3]! |= grays.indexOf(data[y * width + x]!) << (7 - (x & 7));
  });
  return file;
}

function begin(source: BmpSource, { bits, palette }: { bits: number; palette: readonly number[] }): Buffer {
  const { width, height, density } = source;
  // Only the larger header has a mask for alpha.
  const headerSize = bits === 32 ? V4_HEADER! : INFO_HEADER!;
  const pixels = FILE_HEADER! + headerSize + palette.length * 4;
  const image = bmpRowBytes(width, bits) * height;
  const file = Buffer.alloc(pixels + image);
  file.write("BM", "latin1");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(pixels, 10);
  file.writeUInt32LE(headerSize, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(bits, 28);
  file.writeUInt32LE(bits === 32 ? BITFIELDS : 0, 30);
  file.writeUInt32LE(image, 34);
  const dots = Math.round((density ?? 72) / INCH_TO_METERS);
  file.writeUInt32LE(dots, 38);
  file.writeUInt32LE(dots, 42);
  file.writeUInt32LE(palette.length, 46);
  if (bits === 32) {
    for (const [index, mask] of [0xff0000, 0xff00, 0xff, 0xff000000].entries())
      file.writeUInt32LE(mask, 54 + index * 4);
    file.write("BGRs", 70, "latin1");
  }
  for (const [index, gray] of palette.entries())
    file.fill(gray, FILE_HEADER! + headerSize + index * 4, FILE_HEADER! + headerSize + index * 4 + 3);
  return file;
}

/** Writes rows from bottom to top. */
function fill(
  file: Buffer,
  { width, height }: BmpSource,
  bits: number,
  write: (row: Buffer, y: number) => void,
): void {
  const rowBytes = bmpRowBytes(width, bits);
  const start = file.readUInt32LE(10);
  for (let y = 0; y < height; y++) {
    const at = start + (height - 1 - y) * rowBytes;
    write(file.subarray(at, at + rowBytes), y);
  }
}
