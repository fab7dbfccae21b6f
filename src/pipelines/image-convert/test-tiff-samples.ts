export interface SampleTiff {
  format: "unsigned" | "signed" | "float";
  bits: 8 | 16 | 32 | 64;
  photometric: number;
  /** Samples of every pixel. */
  pixel: readonly number[];
  /** Samples of the first and the last pixel, if they differ. */
  first?: readonly number[];
  last?: readonly number[];
  /** @default true */
  little?: boolean;
  planar?: boolean;
  /** Side of a tile. @default strips of 3 rows */
  tile?: number;
  /** Meaning of the sample besides the colors. */
  extra?: number;
  predictor?: 1 | 2 | 3;
  compression?: number;
  pack?: (bytes: Buffer) => Buffer;
  orientation?: number;
}

const [WIDTH, HEIGHT] = [20, 10];

/** A 20 × 10 TIFF with samples of any kind. */
export function sampleTiff(source: SampleTiff): Buffer {
  const { bits, pixel, little = true, planar = false, tile = 0, pack = (bytes) => bytes } = source;
  const { predictor = 1, compression = 1, orientation = 1 } = source;
  const parts = (
    planar ? pixel.map((_, channel) => [channel]) : [pixel.map((_, channel) => channel)]
  ).flatMap((channels) => areas(tile).map((area) => pack(partOf(source, area, channels))));
  const format = { unsigned: 1, signed: 2, float: 3 }[source.format];
  const layout: [number, number[]][] = tile
    ? [
        [322, [tile]],
        [323, [tile]],
      ]
    : [[278, [3]]];
  let at = 8;
  const places = parts.map((part) => {
    at += part.length;
    return at - part.length;
  });
  const tags: [tag: number, values: number[]][] = [
    [256, [WIDTH]],
    [257, [HEIGHT]],
    [258, pixel.map(() => bits)],
    [259, [compression]],
    [262, [source.photometric]],
    [274, [orientation]],
    [277, [pixel.length]],
    [284, [planar ? 2 : 1]],
    [317, [predictor]],
    [339, pixel.map(() => format)],
    ...layout,
    ...(source.extra ? [[338, [source.extra]] as [number, number[]]] : []),
    [tile ? 324 : 273, places],
    [tile ? 325 : 279, parts.map((part) => part.length)],
  ];
  const body = Buffer.concat([...parts, Buffer.alloc(at % 2)]);
  return Buffer.concat([head(little, 8 + body.length), body, directory(tags, little, 8 + body.length)]);
}

interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

function areas(tile: number): Area[] {
  const found: Area[] = [];
  const [width, height] = tile ? [tile, tile] : [WIDTH!, 3];
  for (let y = 0; y < HEIGHT!; y += height)
    for (let x = 0; x < WIDTH!; x += width)
      found.push({ x, y, width, height: tile ? height : Math.min(height, HEIGHT! - y) });
  return found;
}

function partOf(source: SampleTiff, area: Area, channels: readonly number[]): Buffer {
  const bytes = source.bits / 8;
  const rows: Buffer[] = [];
  for (let y = 0; y < area.height; y++) {
    const row = Buffer.alloc(area.width * channels.length * bytes);
    for (let x = 0; x < area.width; x++) {
      const pixel = pixelAt(source, area.x + x, area.y + y);
      for (const [index, channel] of channels.entries())
        write(row, (x * channels.length + index) * bytes, pixel[channel]!, source);
    }
    rows.push(predicted(row, channels.length, source));
  }
  return Buffer.concat(rows);
}

function pixelAt(
  { pixel, first = pixel, last = pixel }: SampleTiff,
  x: number,
  y: number,
): readonly number[] {
  if (x === 0 && y === 0) return first;
  return x === WIDTH! - 1 && y === HEIGHT! - 1 ? last : pixel;
}

function write(
  row: Buffer,
  at: number,
  value: number,
  { format, bits, little = true, predictor }: SampleTiff,
): void {
  const view = new DataView(row.buffer, row.byteOffset, row.length);
  const order = predictor === 3 ? false : little;
  const kind = `${format}${bits}`;
  if (kind === "float16") view.setFloat16(at, value, order);
  else if (kind === "float32") view.setFloat32(at, value, order);
  else if (kind === "float64") view.setFloat64(at, value, order);
  else if (bits === 64) view.setBigUint64(at, BigInt(value), order);
  else if (bits === 32) view.setUint32(at, value, order);
  else if (bits === 16) view.setUint16(at, value, order);
  else view.setUint8(at, value);
}

function predicted(
  row: Buffer,
  channels: number,
  { bits, little = true, predictor = 1 }: SampleTiff,
): Buffer {
  const bytes = bits / 8;
  if (predictor === 1) return row;
  if (predictor === 2) {
    const read = (at: number) => (little ? row.readUIntLE(at, bytes) : row.readUIntBE(at, bytes));
    for (let at = row.length - bytes; at >= channels * bytes; at -= bytes) {
      const difference = (read(at) - read(at - channels * bytes) + 2 ** bits) % 2 ** bits;
      if (little) row.writeUIntLE(difference, at, bytes);
      else row.writeUIntBE(difference, at, bytes);
    }
    return row;
  }
  const count = row.length / bytes;
  const planes = Buffer.alloc(row.length);
  for (let sample = 0; sample < count; sample++)
    for (let byte = 0; byte < bytes; byte++) planes[byte * count + sample] = row[sample * bytes + byte]!;
  for (let at = planes.length - 1; at >= channels; at--)
    planes[at] = (planes[at]! - planes[at - channels]! + 256) & 255;
  return planes;
}

function head(little: boolean, directoryAt: number): Buffer {
  const bytes = Buffer.from(little ? "II*\0\0\0\0\0" : "MM\0*\0\0\0\0", "latin1");
  if (little) bytes.writeUInt32LE(directoryAt, 4);
  else bytes.writeUInt32BE(directoryAt, 4);
  return bytes;
}

function directory(tags: [tag: number, values: number[]][], little: boolean, at: number): Buffer {
  const sorted = tags.toSorted(([one], [other]) => one - other);
  const table = Buffer.alloc(2 + sorted.length * 12 + 4);
  const behind: Buffer[] = [];
  let length = table.length;
  const put = (bytes: Buffer, value: number, place: number, size: 2 | 4) =>
    little ? bytes.writeUIntLE(value, place, size) : bytes.writeUIntBE(value, place, size);
  put(table, sorted.length, 0, 2);
  for (const [index, [tag, values]] of sorted.entries()) {
    const entry = 2 + index * 12;
    const long = [273, 279, 324, 325].includes(tag);
    const size = long ? 4 : 2;
    const bytes = Buffer.alloc(Math.max(4, values.length * size));
    for (const [each, value] of values.entries()) put(bytes, value, each * size, size);
    put(table, tag, entry, 2);
    put(table, long ? 4 : 3, entry + 2, 2);
    put(table, values.length, entry + 4, 4);
    if (bytes.length === 4) bytes.copy(table, entry + 8);
    else {
      put(table, at + length, entry + 8, 4);
      behind.push(bytes);
      length += bytes.length;
    }
  }
  return Buffer.concat([table, ...behind]);
}
