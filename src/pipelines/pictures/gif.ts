export interface GifEnd {
  /** Number of complete frames. */
  frames: number;
  /** Fraction of the last frame's pixels, 0 to 1. 1 if the file ends between frames. */
  complete: number;
  /** End of the last complete frame. */
  end: number;
  /** Missing bytes: the rest of a block, its terminator and the trailer. */
  missing: Buffer;
}

/** Describes a GIF without trailer. `null` if there is a trailer, or bytes that are not a block. */
export function unterminatedGif(data: Buffer): GifEnd | null {
  let at = 13 + tableLength(data[10] ?? 0);
  let frames = 0;
  let end = at;
  while (at < data.length) {
    const start = at;
    const kind = data[at];
    if (kind === 0x21) at += 2;
    else if (kind === 0x2c) at += 11 + tableLength(data[at + 9] ?? 0);
    // The trailer, or invalid bytes, which the decoder will report.
    else return null;
    while ((data[at] ?? 0) > 0) at += 1 + data[at]!;
    const short = Math.max(0, at + 1 - data.length);
    const complete = kind !== 0x2c || short === 0 ? 1 : framePixels(data, start);
    if (complete < 1) return { frames, complete, end, missing: endOf(short) };
    if (kind === 0x2c) frames += 1;
    at += 1;
    end = Math.min(at, data.length);
    if (short > 0) return { frames, complete: frames > 0 ? 1 : 0, end, missing: endOf(short) };
  }
  return { frames, complete: frames > 0 ? 1 : 0, end, missing: endOf(0) };
}

function endOf(short: number): Buffer {
  return Buffer.concat([Buffer.alloc(short), Buffer.from([0x3b])]);
}

function tableLength(flags: number): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

/** Fraction of a frame's pixels that its compressed data yields, 0 to 1. */
function framePixels(data: Buffer, start: number): number {
  if (start + 10 > data.length) return 0;
  const pixels = data.readUInt16LE(start + 5) * data.readUInt16LE(start + 7);
  let at = start + 10 + tableLength(data[start + 9]!);
  const codeBits = data[at] ?? 0;
  const blocks: Buffer[] = [];
  for (at += 1; (data[at] ?? 0) > 0; at += 1 + data[at]!)
    blocks.push(data.subarray(at + 1, at + 1 + data[at]!));
  if (pixels === 0 || codeBits < 1 || codeBits > 11) return 0;
  return Math.min(1, lzwLength(Buffer.concat(blocks), codeBits) / pixels);
}

/** Number of pixels in a frame's LZW data. Follows the codes without storing pixels. */
function lzwLength(bytes: Buffer, codeBits: number): number {
  const clear = 1 << codeBits;
  const lengths = new Uint16Array(4096).fill(1, 0, clear);
  let [size, next, previous] = [codeBits + 1, clear + 2, -1];
  let [total, pending, held] = [0, 0, 0];
  for (const byte of bytes) {
    pending |= byte << held;
    held += 8;
    while (held >= size) {
      const code = pending & ((1 << size) - 1);
      pending >>>= size;
      held -= size;
      if (code === clear + 1) return total;
      if (code === clear) {
        [size, next, previous] = [codeBits + 1, clear + 2, -1];
        continue;
      }
      const grown = previous === -1 ? 1 : lengths[previous]! + 1;
      if (previous !== -1 && next < 4096) {
        lengths[next] = grown;
        next += 1;
        if (next === 1 << size && size < 12) size += 1;
      }
      total += code < next ? lengths[code]! : grown;
      previous = code;
    }
  }
  return total;
}
