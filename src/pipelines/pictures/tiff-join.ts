/** Tags whose values are file offsets. */
const OFFSETS: ReadonlySet<number> = new Set([273, 324]);
/** Tags that point to a directory: EXIF and GPS. */
const DIRECTORIES: ReadonlySet<number> = new Set([34665, 34853]);
const BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];
const [SHORT, LONG] = [3, 4];

/**
 * Joins several TIFFs into one with pages of different sizes and depths, which libvips cannot write. Expects what
 * libvips writes: little-endian, not BigTIFF.
 */
export function joinTiffs(files: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  let previous: { part: Buffer; next: number } | null = null;
  for (const file of files) {
    const part = relocated(file, length);
    const first = part.readUInt32LE(4);
    if (previous) previous.part.writeUInt32LE(first, previous.next);
    previous = { part, next: nextOf(part, first - length) };
    parts.push(part);
    length += part.length;
  }
  return Buffer.concat(parts);
}

function nextOf(part: Buffer, directory: number): number {
  return directory + 2 + part.readUInt16LE(directory) * 12;
}

/** Shifts all offsets in a file by `base`. */
function relocated(file: Buffer, base: number): Buffer {
  const added: Buffer[] = [];
  let length = file.length + (file.length % 2);
  const part = Buffer.alloc(length);
  file.copy(part);
  const append = (values: readonly number[]): number => {
    const at = length;
    const list = Buffer.alloc(values.length * 4);
    for (const [index, value] of values.entries()) list.writeUInt32LE(value, index * 4);
    added.push(list);
    length += list.length;
    return at;
  };
  const directory = (at: number): void => {
    for (let each = 0; each < part.readUInt16LE(at); each++) moveEntry(at + 2 + each * 12);
  };
  const moveEntry = (entry: number): void => {
    const [tag, type] = [part.readUInt16LE(entry), part.readUInt16LE(entry + 2)];
    const count = part.readUInt32LE(entry + 4);
    const value = part.readUInt32LE(entry + 8);
    const size = (BYTES[type] ?? 0) * count;
    if (DIRECTORIES.has(tag)) directory(value);
    if (OFFSETS.has(tag)) {
      const offsets = listOf(part, size > 4 ? value : entry + 8, count, type).map((offset) => offset + base);
      part.writeUInt16LE(LONG, entry + 2);
      part.writeUInt32LE(count === 1 ? offsets[0]! : append(offsets) + base, entry + 8);
    } else if (DIRECTORIES.has(tag) || size > 4) part.writeUInt32LE(value + base, entry + 8);
  };
  const first = part.readUInt32LE(4);
  directory(first);
  part.writeUInt32LE(first + base, 4);
  return Buffer.concat([part, ...added]);
}

function listOf(part: Buffer, at: number, count: number, type: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    type === SHORT ? part.readUInt16LE(at + index * 2) : part.readUInt32LE(at + index * 4),
  );
}
