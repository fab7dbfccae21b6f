import { constants, inflateSync } from "node:zlib";
import type { TiffPage } from "./tiff.ts";

const [NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS] = [1, 5, 8, 32_946, 32_773];
/** Predictors: differences from the previous sample, and floating-point numbers in byte planes. */
const [DIFFERENCES, FLOATING] = [2, 3];

/** Whether we can decompress strips and tiles with this compression. */
export function readsCompression(compression: number): boolean {
  return [NONE, LZW, DEFLATE, OLD_DEFLATE, PACKBITS].includes(compression);
}

/** One strip or tile, with samples in rows. `plane` is the index of the color if each has separate parts. */
export interface TiffPart {
  bytes: Buffer;
  /** Byte order of the samples. Floating-point differences always begin with the highest byte. */
  little: boolean;
  x: number;
  y: number;
  /** Width of the part, which may extend beyond the image. */
  width: number;
  plane: number;
}

/** Strips or tiles of a page whose sample size is a multiple of 8 bits. Missing bytes are zero. */
export function* tiffParts(data: Buffer, page: TiffPage): Generator<TiffPart> {
  const { layout, width, height, samples, bits, compression } = page;
  const partWidth = page.tiled ? layout.tileWidth : width;
  const partHeight = page.tiled ? layout.tileHeight : Math.min(layout.rowsPerStrip, height);
  if (!(partWidth > 0) || !(partHeight > 0)) return;
  const channels = layout.planar ? 1 : samples;
  const [across, down] = [Math.ceil(width / partWidth), Math.ceil(height / partHeight)];
  const rowBytes = (partWidth * channels * bits) / 8;
  for (const [index, offset] of layout.offsets.entries()) {
    const plane = Math.floor(index / (across * down));
    if (plane >= (layout.planar ? samples : 1)) return;
    const y = Math.floor((index % (across * down)) / across) * partHeight;
    const rows = page.tiled ? partHeight : Math.min(partHeight, height - y);
    const packed = data.subarray(offset, offset + (layout.lengths[index] ?? 0));
    const bytes = Buffer.alloc(rows * rowBytes);
    unpack(packed, compression, bytes.length).copy(bytes);
    const little = undo(bytes, { rowBytes, channels, sampleBytes: bits / 8, page });
    yield { bytes, little, x: (index % across) * partWidth, y, width: partWidth, plane };
  }
}

function unpack(packed: Buffer, compression: number, length: number): Buffer {
  if (compression === LZW) return unpackLzw(packed, length);
  if (compression === PACKBITS) return unpackBits(packed, length);
  if (compression !== DEFLATE && compression !== OLD_DEFLATE) return packed.subarray(0, length);
  // Ignore excess bytes at the end.
  return inflateSync(packed, { maxOutputLength: length + 1024, finishFlush: constants.Z_SYNC_FLUSH });
}

function unpackBits(packed: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length);
  let to = 0;
  for (let at = 0; at + 1 < packed.length && to < length; ) {
    const count = packed.readInt8(at);
    if (count >= 0) {
      packed.copy(result, to, at + 1, at + 2 + count);
      to += count + 1;
      at += count + 2;
    } else {
      if (count > -128) result.fill(packed[at + 1]!, to, to + 1 - count);
      to += count > -128 ? 1 - count : 0;
      at += count > -128 ? 2 : 1;
    }
  }
  return result;
}

/** TIFF's LZW: codes from the highest bit down, which grow one code early. */
function unpackLzw(packed: Buffer, length: number): Buffer {
  const [CLEAR, END] = [256, 257];
  const result = Buffer.alloc(length);
  // Each entry refers to earlier output: `lengths` bytes from `starts`.
  const starts = new Uint32Array(4096);
  const lengths = new Uint16Array(4096);
  let [next, size, held, pending, at, to] = [258, 9, 0, 0, 0, 0];
  let [before, beforeLength] = [-1, 0];
  while (to < length) {
    while (held < size && at < packed.length) {
      pending = ((pending << 8) | packed[at]!) & 0xffffff;
      at += 1;
      held += 8;
    }
    if (held < size) break;
    held -= size;
    const code = (pending >> held) & ((1 << size) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, size, before] = [258, 9, -1];
      continue;
    }
    const start = to;
    if (code < 256) result[to++] = code;
    else {
      const known = code < next;
      if (!known && before === -1) break;
      const from = known ? starts[code]! : before;
      const count = known ? lengths[code]! : beforeLength + 1;
      for (let each = 0; each < count && to < length; each++) result[to++] = result[from + each]!;
    }
    if (before !== -1 && next < 4096) {
      starts[next] = before;
      lengths[next] = beforeLength + 1;
      next += 1;
      if (next >= (1 << size) - 1 && size < 12) size += 1;
    }
    [before, beforeLength] = [start, to - start];
  }
  return result;
}

interface Rows {
  rowBytes: number;
  channels: number;
  sampleBytes: number;
  page: TiffPage;
}

/** Reverts the predictor. Returns whether the samples are little-endian. */
function undo(bytes: Buffer, { rowBytes, channels, sampleBytes, page }: Rows): boolean {
  const { little, predictor } = page.layout;
  if (predictor !== DIFFERENCES && predictor !== FLOATING) return little;
  for (let row = 0; row + rowBytes <= bytes.length; row += rowBytes) {
    const samples = bytes.subarray(row, row + rowBytes);
    if (predictor === DIFFERENCES) addUp(samples, channels, sampleBytes, little);
    else joinPlanes(samples, channels, sampleBytes);
  }
  return predictor === FLOATING ? false : little;
}

function addUp(row: Buffer, channels: number, sampleBytes: number, little: boolean): void {
  const stride = channels * sampleBytes;
  for (let at = stride; at < row.length; at += sampleBytes) {
    let carry = 0;
    for (let each = 0; each < sampleBytes; each++) {
      const byte = at + (little ? each : sampleBytes - 1 - each);
      const sum = row[byte]! + row[byte - stride]! + carry;
      row[byte] = sum;
      carry = sum >> 8;
    }
  }
}

function joinPlanes(row: Buffer, channels: number, sampleBytes: number): void {
  for (let at = channels; at < row.length; at++) row[at] = (row[at]! + row[at - channels]!) & 255;
  const planes = Buffer.from(row);
  const count = row.length / sampleBytes;
  for (let sample = 0; sample < count; sample++)
    for (let byte = 0; byte < sampleBytes; byte++)
      row[sample * sampleBytes + byte] = planes[byte * count + sample]!;
}
