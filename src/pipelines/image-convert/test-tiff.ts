export interface TestTiff {
  width: number;
  height: number;
  /** Gray value of each row. Each row is one strip. */
  rows: readonly number[];
  /** The declared compression, whatever the bytes are. @default 1 */
  compression?: number;
  /** Use one tile instead of strips. */
  tiled?: boolean;
  /** More single-value tags. Type 3 has 16 bits, type 4 has 32. */
  tags?: readonly (readonly [tag: number, type: 3 | 4, value: number])[];
}

/** A gray TIFF with its directory before the pixels, as streaming writers place it. */
export function tiff({ width, height, rows, compression = 1, tiled = false, tags = [] }: TestTiff): Buffer {
  const tile = Buffer.concat(
    Array.from({ length: 16 }, (_, y) => Buffer.alloc(Math.ceil(width / 16) * 16, rows[y] ?? 0)),
  );
  const parts = tiled ? [tile] : rows.map((gray) => Buffer.alloc(width, gray));
  const [offsets, counts] = tiled ? [324, 325] : [273, 279];
  const layout: (readonly [number, number, number])[] = tiled
    ? [
        [322, 3, Math.ceil(width / 16) * 16],
        [323, 3, 16],
      ]
    : [[278, 3, 1]];
  const entries = [
    [256, 3, width],
    [257, 3, height],
    [258, 3, 8],
    [259, 3, compression],
    [262, 3, 1],
    [277, 3, 1],
    ...layout,
    ...tags,
    [offsets, 4, 0],
    [counts, 4, 0],
  ].sort(([one], [other]) => one! - other!) as [number, number, number][];
  const end = 8 + 2 + entries.length * 12 + 4;
  const first = end + parts.length * 8;
  const head = Buffer.alloc(first);
  head.write("II*\0", "latin1");
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(entries.length, 8);
  const list = (tag: number) => (tag === offsets ? end : tag === counts ? end + parts.length * 4 : null);
  for (const [index, [tag, type, value]] of entries.entries()) {
    const at = 10 + index * 12;
    const start = list(tag);
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(start === null ? 1 : parts.length, at + 4);
    const single = tag === offsets ? first : parts[0]!.length;
    head.writeUInt32LE(start === null ? value : parts.length === 1 ? single : start, at + 8);
  }
  let at = first;
  for (const [index, part] of parts.entries()) {
    head.writeUInt32LE(at, end + index * 4);
    head.writeUInt32LE(part.length, end + (parts.length + index) * 4);
    at += part.length;
  }
  return Buffer.concat([head, ...parts]);
}
