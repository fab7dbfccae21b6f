import { type ColorCode, isHdr, profileOf } from "./color-code.ts";

interface Box {
  type: string;
  start: number;
  /** Start of its contents, after size, name and, for a full box, version and flags. */
  body: number;
  end: number;
}

/** Boxes whose contents begin with a version and flags. */
const FULL: ReadonlySet<string> = new Set(["meta", "pitm", "iinf", "infe", "iloc", "ipma"]);

export interface AvifFacts {
  /** Color description of the primary image, if it has no profile. */
  code: ColorCode | null;
  /** Whether a second image brightens the first on HDR screens. */
  gainMap: boolean;
}

/** Facts about an AVIF that libheif does not report. Ignores damage, which the decoder will report. */
export function avifFacts(file: Buffer): AvifFacts {
  try {
    const tree = treeOf(file);
    if (!tree) return { code: null, gainMap: false };
    const gainMap = tree.items.some((item) => file.toString("latin1", item.body, item.end).includes("tmap"));
    const codes = tree.colors.map((color) => codeOf(file, color));
    // A profile takes precedence over the code.
    return { code: codes.includes(null) ? null : (codes[0] ?? null), gainMap };
  } catch (error) {
    if (error instanceof RangeError) return { code: null, gainMap: false };
    throw error;
  }
}

/**
 * Adds a profile, which is what libvips reads, to an AVIF that has only a color code. Returns the file unchanged if the
 * code means sRGB, or if the file's structure is unknown.
 */
export function withAvifProfile(file: Buffer): { data: Buffer; hdr: boolean } {
  const { code } = avifFacts(file);
  const profile = code && profileOf(code, false);
  const hdr = code !== null && isHdr(code);
  const tree = profile ? treeOf(file) : null;
  if (!profile || !tree?.association || tree.moves) return { data: file, hdr };
  return { data: inserted(file, tree, Buffer.concat([Buffer.from("prof"), profile])) ?? file, hdr };
}

/** Adds a `colr` property to the primary image of an AVIF. */
export function withAvifColor(file: Buffer, color: Buffer): Buffer {
  return inserted(file, treeOf(file)!, color)!;
}

interface Tree {
  meta: Box;
  iprp: Box;
  ipco: Box;
  ipma: Box;
  iloc: Box;
  /** Entries of the item list. */
  items: Box[];
  properties: number;
  /** Of the primary image: its `colr` properties, and the start of its property list. */
  colors: Box[];
  association: { countAt: number; wide: boolean } | null;
  /** The file has tracks, whose offsets we cannot adjust. */
  moves: boolean;
}

function treeOf(file: Buffer): Tree | null {
  const top = boxesIn(file, 0, file.length);
  const meta = top.find(({ type }) => type === "meta");
  if (!meta) return null;
  const parts = boxesIn(file, meta.body, meta.end);
  const find = (boxes: Box[], name: string) => boxes.find(({ type }) => type === name);
  const [pitm, iinf, iprp, iloc] = ["pitm", "iinf", "iprp", "iloc"].map((name) => find(parts, name));
  const inner = iprp ? boxesIn(file, iprp.body, iprp.end) : [];
  const [ipco, ipma] = [find(inner, "ipco"), find(inner, "ipma")];
  if (!pitm || !iinf || !iprp || !iloc || !ipco || !ipma) return null;
  const primary = file[pitm.start + 8] === 0 ? file.readUInt16BE(pitm.body) : file.readUInt32BE(pitm.body);
  const properties = boxesIn(file, ipco.body, ipco.end);
  const listed = associationsOf(file, ipma, primary);
  const own = listed?.indices.map((index) => properties[index - 1]).filter((box) => box !== undefined) ?? [];
  return {
    ...{ meta, iprp, ipco, ipma, iloc },
    items: boxesIn(file, iinf.body + (file[iinf.start + 8] === 0 ? 2 : 4), iinf.end),
    properties: properties.length,
    colors: own.filter(({ type }) => type === "colr"),
    association: listed,
    moves: top.some(({ type }) => type === "moov"),
  };
}

function boxesIn(file: Buffer, from: number, to: number): Box[] {
  const boxes: Box[] = [];
  for (let at = from; at + 8 <= to; ) {
    const size = file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    const head = (size === 1 ? 16 : 8) + (FULL.has(type) ? 4 : 0);
    const length = size === 1 ? Number(file.readBigUInt64BE(at + 8)) : size === 0 ? to - at : size;
    if (length < head || at + length > to) break;
    boxes.push({ type, start: at, body: at + head, end: at + length });
    at += length;
  }
  return boxes;
}

function associationsOf(file: Buffer, { start, body, end }: Box, item: number) {
  const long = file[start + 8]! > 0;
  const wide = (file[start + 11]! & 1) === 1;
  let at = body + 4;
  for (let left = file.readUInt32BE(body); left > 0 && at < end; left--) {
    const id = long ? file.readUInt32BE(at) : file.readUInt16BE(at);
    const countAt = at + (long ? 4 : 2);
    const count = file[countAt]!;
    at = countAt + 1 + count * (wide ? 2 : 1);
    if (id !== item) continue;
    const indices = Array.from({ length: count }, (_, each) =>
      wide ? file.readUInt16BE(countAt + 1 + each * 2) & 0x7fff : file[countAt + 1 + each]! & 0x7f,
    );
    return { countAt, wide, indices };
  }
  return null;
}

function codeOf(file: Buffer, { body, end }: Box): ColorCode | null {
  if (end - body < 7 || file.toString("latin1", body, body + 4) !== "nclx") return null;
  return { primaries: file.readUInt16BE(body + 4), transfer: file.readUInt16BE(body + 6) };
}

/** Inserts a `colr` property for the primary image, and adjusts all file offsets by its length. */
function inserted(file: Buffer, tree: Tree, contents: Buffer): Buffer | null {
  const { meta, iprp, ipco, ipma, iloc, properties } = tree;
  const { countAt, wide } = tree.association!;
  if (!wide && properties >= 127) return null;
  // No known writer uses boxes that extend to the file's end or have 64-bit sizes here.
  if ([meta, iprp, ipco, ipma].some((box) => file.readUInt32BE(box.start) < 8)) return null;
  const color = Buffer.concat([Buffer.alloc(8), contents]);
  color.writeUInt32BE(color.length, 0);
  color.write("colr", 4, "latin1");
  const link = wide
    ? Buffer.from([(properties + 1) >> 8, (properties + 1) & 255])
    : Buffer.from([properties + 1]);
  const changed = Buffer.from(file);
  const grow = (box: Box, by: number) =>
    changed.writeUInt32BE(changed.readUInt32BE(box.start) + by, box.start);
  grow(ipco, color.length);
  grow(ipma, link.length);
  grow(iprp, color.length + link.length);
  grow(meta, color.length + link.length);
  changed[countAt]! += 1;
  if (!moved(changed, iloc, meta.end, color.length + link.length)) return null;
  const cuts = [
    { at: ipco.end, bytes: color },
    { at: countAt + 1, bytes: link },
  ].sort((one, other) => one.at - other.at);
  const parts: Buffer[] = [];
  let from = 0;
  for (const { at, bytes } of cuts) {
    parts.push(changed.subarray(from, at), bytes);
    from = at;
  }
  return Buffer.concat([...parts, changed.subarray(from)]);
}

/** Adjusts all item offsets after `from`. Returns false if the offsets have an unknown format. */
function moved(file: Buffer, { start, body, end }: Box, from: number, by: number): boolean {
  const version = file[start + 8]!;
  const [offsetSize, lengthSize] = [file[body]! >> 4, file[body]! & 15];
  const [baseSize, indexSize] = [file[body + 1]! >> 4, version > 0 ? file[body + 1]! & 15 : 0];
  if (offsetSize !== 4 || ![0, 4].includes(baseSize)) return false;
  let at = body + 2;
  const items = version < 2 ? file.readUInt16BE(at) : file.readUInt32BE(at);
  at += version < 2 ? 2 : 4;
  for (let item = 0; item < items && at < end; item++) {
    at += version < 2 ? 2 : 4;
    const method = version > 0 ? file.readUInt16BE(at) & 15 : 0;
    at += (version > 0 ? 2 : 0) + 2;
    const base = baseSize > 0 ? file.readUInt32BE(at) : 0;
    const movesBase = method === 0 && base >= from;
    if (movesBase) file.writeUInt32BE(base + by, at);
    at += baseSize;
    const extents = file.readUInt16BE(at);
    at += 2;
    for (let extent = 0; extent < extents; extent++) {
      at += indexSize;
      const offset = file.readUInt32BE(at);
      if (method === 0 && !movesBase && base + offset >= from) file.writeUInt32BE(offset + by, at);
      at += offsetSize + lengthSize;
    }
  }
  return true;
}
