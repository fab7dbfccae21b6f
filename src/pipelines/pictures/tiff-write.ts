type Value = readonly [tag: number, type: 1 | 3 | 4 | 5 | 7, values: readonly number[] | Buffer];

const SIZES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 5: 8, 7: 1 };

export interface TiffSource {
  width: number;
  height: number;
  channels: number;
  /** TIFF's photometric interpretation. */
  photometric: number;
  /** 8 or 16 bits per sample, depending on the array type. */
  samples: Uint8Array | Uint16Array;
  extraSamples: readonly number[];
  orientation: number;
  /** In dots per inch. */
  density: number | null;
  /** Binary tags to copy: the color profile and descriptions. */
  blobs: ReadonlyMap<number, Buffer>;
}

/** Writes a TIFF with one uncompressed strip. */
export function writeTiff(source: TiffSource): Buffer {
  const { width, height, channels, samples, density } = source;
  const bits = samples.BYTES_PER_ELEMENT * 8;
  const pixels = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  const dots: Value[] =
    density === null
      ? []
      : [
          [282, 5, ratio(density)],
          [283, 5, ratio(density)],
          [296, 3, [2]],
        ];
  const extra: Value[] = source.extraSamples.length > 0 ? [[338, 3, source.extraSamples]] : [];
  const blobs = [...source.blobs].map(([tag, bytes]): Value => [tag, tag === 700 ? 1 : 7, bytes]);
  const values: Value[] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, Array<number>(channels).fill(bits)],
    [259, 3, [1]],
    [262, 3, [source.photometric]],
    [273, 4, [8]],
    [274, 3, [source.orientation]],
    [277, 3, [channels]],
    [278, 4, [height]],
    [279, 4, [pixels.length]],
    [284, 3, [1]],
    ...dots,
    ...extra,
    ...blobs,
  ];
  const head = Buffer.from("II*\0\0\0\0\0", "latin1");
  const padding = Buffer.alloc(pixels.length % 2);
  const directoryAt = head.length + pixels.length + padding.length;
  head.writeUInt32LE(directoryAt, 4);
  return Buffer.concat([head, pixels, padding, directory(values, directoryAt)]);
}

function ratio(value: number): number[] {
  return [Math.round(value * 1000), 1000];
}

function directory(values: readonly Value[], at: number): Buffer {
  const sorted = values.toSorted(([one], [other]) => one - other);
  const table = Buffer.alloc(2 + sorted.length * 12 + 4);
  table.writeUInt16LE(sorted.length, 0);
  const behind: Buffer[] = [];
  let length = table.length;
  for (const [index, [tag, type, list]] of sorted.entries()) {
    const bytes = bytesOf(type, list);
    const entry = 2 + index * 12;
    table.writeUInt16LE(tag, entry);
    table.writeUInt16LE(type, entry + 2);
    table.writeUInt32LE(bytes.length / SIZES[type]!, entry + 4);
    if (bytes.length <= 4) bytes.copy(table, entry + 8);
    else {
      table.writeUInt32LE(at + length, entry + 8);
      behind.push(bytes, Buffer.alloc(bytes.length % 2));
      length += bytes.length + (bytes.length % 2);
    }
  }
  return Buffer.concat([table, ...behind]);
}

function bytesOf(type: number, list: readonly number[] | Buffer): Buffer {
  if (Buffer.isBuffer(list)) return list;
  const size = type === 5 ? 4 : SIZES[type]!;
  const bytes = Buffer.alloc(list.length * size);
  for (const [index, value] of list.entries()) bytes.writeUIntLE(value, index * size, size);
  return bytes;
}
