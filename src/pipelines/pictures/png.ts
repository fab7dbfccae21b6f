import { constants, crc32, createInflate, deflateSync } from "node:zlib";

export const PNG_SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

export interface PngChunk {
  type: string;
  body: Buffer;
  /** Whether the checksum matches. */
  intact: boolean;
  /** The file ends inside this chunk, so `body` is incomplete. */
  cut: boolean;
  /** Offset of the chunk in the file. */
  at: number;
}

export interface PngHeader {
  width: number;
  height: number;
  bits: number;
  /** 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha. */
  colorType: number;
  interlaced: boolean;
}

/** Chunks of a PNG up to `IEND` or the end of the file. */
export function readPng(data: Buffer): PngChunk[] {
  const chunks: PngChunk[] = [];
  let at = PNG_SIGNATURE.length;
  while (at + 8 <= data.length) {
    const length = data.readUInt32BE(at);
    const type = data.toString("latin1", at + 4, at + 8);
    const end = at + 8 + length;
    const cut = end + 4 > data.length;
    chunks.push({
      type,
      body: data.subarray(at + 8, end),
      intact: !cut && crc32(data.subarray(at + 4, end)) === data.readUInt32BE(end),
      cut,
      at,
    });
    if (type === "IEND") break;
    at = end + 4;
  }
  return chunks;
}

/** `undefined` if the first chunk is not a complete header. */
export function pngHeader([first]: readonly PngChunk[]): PngHeader | undefined {
  if (first?.type !== "IHDR" || first.body.length < 13) return undefined;
  const { body } = first;
  return {
    width: body.readUInt32BE(0),
    height: body.readUInt32BE(4),
    bits: body[8]!,
    colorType: body[9]!,
    interlaced: body[12] === 1,
  };
}

export function writePng(chunks: readonly { type: string; body: Buffer }[]): Buffer {
  return Buffer.concat([PNG_SIGNATURE, ...chunks.map(({ type, body }) => pngChunk(type, body))]);
}

export function pngChunk(type: string, body: Buffer): Buffer {
  const chunk = Buffer.alloc(body.length + 12);
  chunk.writeUInt32BE(body.length, 0);
  chunk.write(type, 4, "latin1");
  body.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), body.length + 8);
  return chunk;
}

export const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Size of the decompressed data: each row has a filter byte, and an interlaced image has up to seven passes. */
export function pngDataLength({ width, height, bits, colorType, interlaced }: PngHeader): number {
  const rows = (across: number, down: number) =>
    across === 0 ? 0 : down * (1 + Math.ceil((across * bits * (CHANNELS[colorType] ?? 0)) / 8));
  if (!interlaced) return rows(width, height);
  return ADAM7.reduce(
    (sum, [left, top, right, below]) =>
      sum + rows(Math.ceil((width - left) / right), Math.ceil((height - top) / below)),
    0,
  );
}

/** Each pass: its first column and row, and the distances to the next ones. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Rebuilds a PNG from a damaged one. Missing rows are zero (black or transparent).
 * @returns the PNG, and the fraction of the image that was there, 0 to 1
 */
export async function salvagePng(data: Buffer): Promise<{ data: Buffer; complete: number } | null> {
  const chunks = readPng(data);
  const header = pngHeader(chunks);
  if (!header || !CHANNELS[header.colorType]) return null;
  const length = pngDataLength(header);
  const packed = Buffer.concat(chunks.filter(({ type }) => type === "IDAT").map(({ body }) => body));
  const came = await inflateWhatCame(packed, length);
  if (came.length === 0) return null;
  const padded = Buffer.concat([came, Buffer.alloc(length - came.length)]);
  const before = chunks.slice(
    0,
    chunks.findIndex(({ type }) => type === "IDAT"),
  );
  const whole = writePng([
    ...before.filter(({ type, intact }) => intact || type === "IHDR" || type === "PLTE"),
    { type: "IDAT", body: deflateSync(padded, { level: 1 }) },
    { type: "IEND", body: Buffer.alloc(0) },
  ]);
  return { data: whole, complete: came.length / length };
}

/** Inflates up to the first error, the end, or `length`. */
function inflateWhatCame(packed: Buffer, length: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
  const parts: Buffer[] = [];
  let came = 0;
  const end = () => {
    inflate.destroy();
    resolve(Buffer.concat(parts).subarray(0, length));
  };
  inflate.on("data", (part: Buffer) => {
    parts.push(part);
    came += part.length;
    if (came >= length) end();
  });
  inflate.on("end", end);
  inflate.on("error", end);
  inflate.end(packed);
  return promise;
}
