/** CIE 1931 x and y of red, green, blue and white. */
export type Chromaticities = readonly [red: Point, green: Point, blue: Point, white: Point];
type Point = readonly [x: number, y: number];

/** Transfer function: an exponent, or a table of equidistant samples. Both map 0 to 1 onto 0 to 1. */
export type Transfer = { power: number } | { table: readonly number[] };

type Vector = readonly [number, number, number];
type Matrix = readonly [Vector, Vector, Vector];

/** White point of all profiles, and the matrix for chromatic adaptation. */
const D50: Vector = [0.9642, 1, 0.8249];
const BRADFORD: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

const HEADER = 128;

/**
 * Creates an ICC profile (version 2) for colors that a file describes in another way.
 * @param colors `null` for gray
 */
export function iccProfile(colors: Chromaticities | null, transfer: Transfer): Buffer {
  const curve = curveOf(transfer);
  const tags: [string, Buffer][] = [
    ["desc", description("Colors of the file")],
    ["cprt", text("No copyright")],
    ["wtpt", xyz(D50)],
  ];
  if (colors) {
    const columns = transposed(adapted(colors));
    for (const [index, name] of ["r", "g", "b"].entries())
      tags.push([`${name}XYZ`, xyz(columns[index]!)], [`${name}TRC`, curve]);
  } else tags.push(["kTRC", curve]);
  return assemble(tags, colors ? "RGB " : "GRAY");
}

function assemble(tags: readonly [string, Buffer][], space: string): Buffer {
  const table = Buffer.alloc(4 + tags.length * 12);
  table.writeUInt32BE(tags.length, 0);
  const contents: Buffer[] = [];
  const places = new Map<Buffer, number>();
  let at = HEADER + table.length;
  for (const [index, [name, content]] of tags.entries()) {
    // All colors share one curve.
    if (!places.has(content)) {
      places.set(content, at);
      const padding = Buffer.alloc((4 - (content.length % 4)) % 4);
      contents.push(content, padding);
      at += content.length + padding.length;
    }
    const entry = 4 + index * 12;
    table.write(name, entry, "latin1");
    table.writeUInt32BE(places.get(content)!, entry + 4);
    table.writeUInt32BE(content.length, entry + 8);
  }
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE(at, 0);
  header.writeUInt32BE(0x02400000, 8);
  header.write(`mntr${space}XYZ `, 12, "latin1");
  header.write("acsp", 36, "latin1");
  xyz(D50).copy(header, 68, 8);
  return Buffer.concat([header, table, ...contents]);
}

function description(words: string): Buffer {
  const bytes = Buffer.alloc(90 + words.length + 1);
  bytes.write("desc", 0, "latin1");
  bytes.writeUInt32BE(words.length + 1, 8);
  bytes.write(words, 12, "latin1");
  return bytes;
}

function text(words: string): Buffer {
  return Buffer.from(`text\0\0\0\0${words}\0`, "latin1");
}

function xyz(values: Vector): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.write("XYZ ", 0, "latin1");
  for (const [index, value] of values.entries())
    bytes.writeInt32BE(Math.round(value * 65_536), 8 + index * 4);
  return bytes;
}

function curveOf(transfer: Transfer): Buffer {
  const values = "power" in transfer ? [transfer.power * 256] : transfer.table.map((light) => light * 65_535);
  const bytes = Buffer.alloc(12 + values.length * 2);
  bytes.write("curv", 0, "latin1");
  bytes.writeUInt32BE(values.length, 8);
  for (const [index, value] of values.entries())
    bytes.writeUInt16BE(Math.max(0, Math.min(65_535, Math.round(value))), 12 + index * 2);
  return bytes;
}

/** Matrix from linear light of these primaries to XYZ under D50. */
function adapted([red, green, blue, white]: Chromaticities): Matrix {
  const primaries = transposed([tristimulus(red), tristimulus(green), tristimulus(blue)]);
  const from = tristimulus(white);
  const amounts = applied(inverted(primaries), from);
  const scaled = primaries.map((row) =>
    row.map((value, index) => value * amounts[index]!),
  ) as unknown as Matrix;
  const [seen, wanted] = [applied(BRADFORD, from), applied(BRADFORD, D50)];
  const gains = BRADFORD.map((row, index) => row.map((value) => (value * wanted[index]!) / seen[index]!));
  return multiplied(multiplied(inverted(BRADFORD), gains as unknown as Matrix), scaled);
}

function tristimulus([x, y]: Point): Vector {
  return [x / y, 1, (1 - x - y) / y];
}

function applied(matrix: Matrix, vector: Vector): Vector {
  return matrix.map((row) =>
    row.reduce((sum, value, index) => sum + value * vector[index]!, 0),
  ) as unknown as Vector;
}

function transposed(matrix: Matrix): Matrix {
  return [0, 1, 2].map((column) => matrix.map((row) => row[column]!)) as unknown as Matrix;
}

function multiplied(one: Matrix, other: Matrix): Matrix {
  return transposed(transposed(other).map((column) => applied(one, column)) as unknown as Matrix);
}

function inverted([a, b, c]: Matrix): Matrix {
  const rows = [cross(b, c), cross(c, a), cross(a, b)];
  const determinant = a.reduce((sum, value, index) => sum + value * rows[0]![index]!, 0);
  const columns = rows.map((row) => row.map((value) => value / determinant)) as unknown as Matrix;
  return transposed(columns);
}

function cross([a, b, c]: Vector, [x, y, z]: Vector): Vector {
  return [b * z - c * y, c * x - a * z, a * y - b * x];
}
