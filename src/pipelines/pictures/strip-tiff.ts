/** Tags that affect how the pixels look. */
const LOOK: ReadonlySet<number> = new Set([
  ...[
    254, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 290,
    291,
  ],
  ...[
    292, 293, 296, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 332, 334, 336, 338, 339, 340, 341, 342,
    347,
  ],
  ...[529, 530, 531, 532, 34675],
]);
const [STRIP_OFFSETS, STRIP_BYTES, TILE_OFFSETS, TILE_BYTES] = [273, 279, 324, 325];
const BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];
const [SHORT, LONG] = [3, 4];
const ENTRY = 12;

interface Entry {
  tag: number;
  type: number;
  count: number;
  bytes: Buffer;
}

/** First page of a TIFF with its compressed pixels, and only the tags that affect how they look. */
export function tiffPixels(file: Buffer): Buffer | null {
  const little = file[0] === 0x49;
  const u16 = (at: number) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at));
  const u32 = (at: number) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  // BigTIFF uses 64-bit offsets.
  if (u16(2) !== 42) return null;
  const start = u32(4);
  const entries: Entry[] = [];
  for (let each = 0; each < u16(start); each++) {
    const at = start + 2 + each * ENTRY;
    const [tag, type, count] = [u16(at), u16(at + 2), u32(at + 4)];
    if (!LOOK.has(tag)) continue;
    const length = (BYTES[type] ?? 0) * count;
    const from = length > 4 ? u32(at + 8) : at + 8;
    if (length === 0 || from + length > file.length) return null;
    entries.push({ tag, type, count, bytes: file.subarray(from, from + length) });
  }
  const numbersOf = (...tags: number[]) => {
    const entry = entries.find(({ tag }) => tags.includes(tag));
    if (!entry || (entry.type !== SHORT && entry.type !== LONG)) return [];
    const size = BYTES[entry.type]!;
    return Array.from({ length: entry.count }, (_, each) =>
      little ? entry.bytes.readUIntLE(each * size, size) : entry.bytes.readUIntBE(each * size, size),
    );
  };
  const offsets = numbersOf(STRIP_OFFSETS!, TILE_OFFSETS!);
  const lengths = numbersOf(STRIP_BYTES!, TILE_BYTES!);
  if (offsets.length === 0 || offsets.length !== lengths.length) return null;
  const parts = offsets.map((offset, index) => file.subarray(offset, offset + lengths[index]!));
  if (parts.some((part, index) => part.length !== lengths[index])) return null;
  return assemble(file.subarray(0, 4), parts, entries, little);
}

function assemble(
  signature: Buffer,
  parts: readonly Buffer[],
  entries: readonly Entry[],
  little: boolean,
): Buffer {
  const put32 = (bytes: Buffer, value: number, at: number) =>
    little ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  const put16 = (bytes: Buffer, value: number, at: number) =>
    little ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  let at = 8;
  const places = Buffer.alloc(parts.length * 4);
  for (const [index, part] of parts.entries()) {
    put32(places, at, index * 4);
    at += part.length;
  }
  const padding = Buffer.alloc(at % 2);
  at += padding.length;
  const head = Buffer.concat([signature, Buffer.alloc(4)]);
  put32(head, at, 4);
  const table = Buffer.alloc(2 + entries.length * ENTRY + 4);
  put16(table, entries.length, 0);
  const behind: Buffer[] = [];
  at += table.length;
  for (const [index, entry] of entries.entries()) {
    const isPlaces = entry.tag === STRIP_OFFSETS || entry.tag === TILE_OFFSETS;
    const bytes = isPlaces ? places : entry.bytes;
    const to = 2 + index * ENTRY;
    put16(table, entry.tag, to);
    put16(table, isPlaces ? LONG! : entry.type, to + 2);
    put32(table, entry.count, to + 4);
    if (bytes.length <= 4) bytes.copy(table, to + 8);
    else {
      put32(table, at, to + 8);
      behind.push(bytes, Buffer.alloc(bytes.length % 2));
      at += bytes.length + (bytes.length % 2);
    }
  }
  return Buffer.concat([head, ...parts, padding, table, ...behind]);
}
