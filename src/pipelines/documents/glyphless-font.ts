/** Units per em. */
const EM = 1_000;
const ASCENT = 880;
const DESCENT = -120;

/**
 * A TrueType font with two empty glyphs, for text that can be selected and searched but not seen. Contains the tables
 * that the OpenType specification requires of an embedded font. PDF readers take the widths from the PDF.
 */
export function glyphlessFont(): Buffer {
  const tables: [string, Buffer][] = [
    ["cmap", cmap()],
    ["glyf", Buffer.alloc(0)],
    ["head", head()],
    ["hhea", hhea()],
    ["hmtx", shorts(EM, 0, EM, 0)],
    ["loca", shorts(0, 0, 0)],
    ["maxp", maxp()],
    ["name", shorts(0, 0, 6)],
    ["post", post()],
  ];
  return assemble(tables);
}

function assemble(tables: readonly [string, Buffer][]): Buffer {
  const power = 2 ** Math.floor(Math.log2(tables.length));
  const header = Buffer.alloc(12 + 16 * tables.length);
  header.writeUInt32BE(0x00010000, 0);
  header.writeUInt16BE(tables.length, 4);
  header.writeUInt16BE(power * 16, 6);
  header.writeUInt16BE(Math.log2(power), 8);
  header.writeUInt16BE((tables.length - power) * 16, 10);
  const parts = [header];
  let offset = header.length;
  for (const [index, [tag, data]] of tables.entries()) {
    const at = 12 + 16 * index;
    header.write(tag, at, "latin1");
    header.writeUInt32BE(checksum(data), at + 4);
    header.writeUInt32BE(offset, at + 8);
    header.writeUInt32BE(data.length, at + 12);
    const padded = Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
    parts.push(padded);
    offset += padded.length;
  }
  const font = Buffer.concat(parts);
  const headAt = header.readUInt32BE(12 + 16 * tables.findIndex(([tag]) => tag === "head") + 8);
  font.writeUInt32BE((0xb1b0afba - checksum(font)) >>> 0, headAt + 8);
  return font;
}

function checksum(data: Buffer): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) {
    let word = 0;
    for (let byte = 0; byte < 4; byte++) word = word * 256 + (data[at + byte] ?? 0);
    sum = (sum + word) >>> 0;
  }
  return sum;
}

function shorts(...values: number[]): Buffer {
  const data = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) data.writeInt16BE(value, index * 2);
  return data;
}

function head(): Buffer {
  const data = Buffer.alloc(54);
  data.writeUInt32BE(0x00010000, 0);
  data.writeUInt32BE(0x00010000, 4);
  data.writeUInt32BE(0x5f0f3cf5, 12);
  data.writeUInt16BE(EM, 18);
  data.writeInt16BE(DESCENT, 38);
  data.writeInt16BE(EM, 40);
  data.writeInt16BE(ASCENT, 42);
  data.writeUInt16BE(8, 46);
  data.writeInt16BE(2, 48);
  return data;
}

function hhea(): Buffer {
  const data = Buffer.alloc(36);
  data.writeUInt32BE(0x00010000, 0);
  data.writeInt16BE(ASCENT, 4);
  data.writeInt16BE(DESCENT, 6);
  data.writeUInt16BE(EM, 10);
  data.writeInt16BE(1, 18);
  data.writeUInt16BE(2, 34);
  return data;
}

function maxp(): Buffer {
  const data = Buffer.alloc(32);
  data.writeUInt32BE(0x00010000, 0);
  data.writeUInt16BE(2, 4);
  data.writeUInt16BE(2, 14);
  return data;
}

function post(): Buffer {
  const data = Buffer.alloc(32);
  data.writeUInt32BE(0x00030000, 0);
  return data;
}

/** Format 4, with only the final segment that every such table needs. */
function cmap(): Buffer {
  const subtable = shorts(4, 24, 0, 2, 2, 0, 0, -1, 0, -1, 1, 0);
  const header = Buffer.alloc(12);
  header.writeUInt16BE(1, 2);
  header.writeUInt16BE(3, 4);
  header.writeUInt16BE(1, 6);
  header.writeUInt32BE(12, 8);
  return Buffer.concat([header, subtable]);
}
