/** Facts about a page of a TIFF, from its directory. */
export interface TiffPage {
  /** 0-based index in the file, as libvips counts. */
  index: number;
  /** A thumbnail or a mask rather than a page of the document. */
  auxiliary: boolean;
  width: number;
  height: number;
  /** Bits per sample. */
  bits: number;
  samples: number;
  sampleFormat: "unsigned" | "signed" | "float";
  compression: number;
  photometric: number;
  tiled: boolean;
  /** Sample values of black and white, if specified. */
  range: [min: number, max: number] | null;
  /** Pixels per inch. `null` if unspecified or without a unit. */
  density: number | null;
  /** Fraction of the pixels' bytes that the file contains, 0 to 1. */
  complete: number;
  layout: TiffLayout;
}

/** Location of a page's pixels, and what to copy with them. */
export interface TiffLayout {
  little: boolean;
  /** Each color has separate strips or tiles. */
  planar: boolean;
  predictor: number;
  rowsPerStrip: number;
  tileWidth: number;
  tileHeight: number;
  /** Of the strips or tiles. */
  offsets: readonly number[];
  lengths: readonly number[];
  /** Meaning of the extra samples: 1 premultiplied alpha, 2 alpha. */
  extraSamples: readonly number[];
  /** EXIF orientation. */
  orientation: number;
  /** Profile, XMP and IPTC, by tag. */
  blobs: ReadonlyMap<number, Buffer>;
  /** Whether it has descriptive metadata: camera, location, author or time. */
  describes: boolean;
}

const TAG = {
  subfile: 254,
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  xResolution: 282,
  planar: 284,
  resolutionUnit: 296,
  predictor: 317,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  extraSamples: 338,
  sampleFormat: 339,
  sampleMin: 340,
  sampleMax: 341,
} as const;

/** Binary tags to keep when pixels are rewritten: XMP, IPTC, Photoshop and the profile. */
const BLOBS: readonly number[] = [700, 33723, 34377, 34675];
/** Description, maker, model, date, artist, copyright, EXIF and GPS. */
const DESCRIPTIONS: readonly number[] = [270, 271, 272, 306, 315, 33432, 34665, 34853];
/** Size of each value type in bytes. */
const BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];
const MAX_PAGES = 10_000;
const REDUCED_OR_MASK = 1 | 4;

/** Reads the pages of a TIFF or BigTIFF as far as possible. Ignores damage, which the decoder will report. */
export function readTiff(data: Buffer): TiffPage[] {
  const reader = new TiffReader(data);
  const pages: TiffPage[] = [];
  const seen = new Set<number>();
  try {
    let at = reader.first();
    while (at > 0 && !seen.has(at) && pages.length < MAX_PAGES) {
      seen.add(at);
      const directory = reader.directory(at);
      pages.push(pageOf(directory, pages.length, data));
      at = directory.next;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return pages;
}

type Tags = ReadonlyMap<number, readonly number[]>;

interface Directory {
  tags: Tags;
  describes: boolean;
  blobs: ReadonlyMap<number, Buffer>;
  next: number;
}

function pageOf({ tags, blobs, describes }: Directory, index: number, data: Buffer): TiffPage {
  const one = (tag: number, otherwise: number) => tags.get(tag)?.[0] ?? otherwise;
  const format = one(TAG.sampleFormat, 1);
  const [min, max] = [tags.get(TAG.sampleMin)?.[0], tags.get(TAG.sampleMax)?.[0]];
  const offsets = tags.get(TAG.stripOffsets) ?? tags.get(TAG.tileOffsets) ?? [];
  const lengths = tags.get(TAG.stripBytes) ?? tags.get(TAG.tileBytes) ?? [];
  return {
    index,
    auxiliary: (one(TAG.subfile, 0) & REDUCED_OR_MASK) !== 0,
    width: one(TAG.width, 0),
    height: one(TAG.height, 0),
    bits: one(TAG.bits, 1),
    samples: one(TAG.samples, 1),
    sampleFormat: format === 3 ? "float" : format === 2 ? "signed" : "unsigned",
    compression: one(TAG.compression, 1),
    photometric: one(TAG.photometric, 1),
    tiled: tags.has(TAG.tileOffsets),
    range: min !== undefined && max !== undefined && max > min ? [min, max] : null,
    density: densityOf(one(TAG.xResolution, 0), one(TAG.resolutionUnit, 2)),
    complete: completeness(offsets, lengths, data.length),
    layout: {
      little: data[0] === 0x49,
      planar: one(TAG.planar, 1) === 2,
      predictor: one(TAG.predictor, 1),
      rowsPerStrip: one(TAG.rowsPerStrip, Infinity) || Infinity,
      tileWidth: one(TAG.tileWidth, 0),
      tileHeight: one(TAG.tileHeight, 0),
      offsets,
      lengths,
      extraSamples: tags.get(TAG.extraSamples) ?? [],
      orientation: one(TAG.orientation, 1),
      blobs,
      describes,
    },
  };
}

function densityOf(resolution: number, unit: number): number | null {
  if (!(resolution > 0) || !Number.isFinite(resolution) || (unit !== 2 && unit !== 3)) return null;
  return unit === 3 ? resolution * 2.54 : resolution;
}

function completeness(offsets: readonly number[], bytes: readonly number[], fileLength: number): number {
  let [came, said] = [0, 0];
  for (const [index, length] of bytes.entries()) {
    said += length;
    came += Math.max(0, Math.min(length, fileLength - (offsets[index] ?? 0)));
  }
  return said === 0 ? 1 : came / said;
}

class TiffReader {
  readonly #data: Buffer;
  readonly #little: boolean;
  readonly #big: boolean;
  /** Remaining byte budget for values. Only hostile files have many directories that share the same values. */
  #left: number;

  constructor(data: Buffer) {
    this.#data = data;
    this.#left = data.length;
    this.#little = data[0] === 0x49;
    this.#big = this.#u16(2) === 43;
  }

  /** Offset of the first directory. */
  first(): number {
    return this.#big ? this.#u64(8) : this.#u32(4);
  }

  directory(at: number): Directory {
    const count = this.#big ? this.#u64(at) : this.#u16(at);
    const start = at + (this.#big ? 8 : 2);
    const entry = this.#big ? 20 : 12;
    const tags = new Map<number, readonly number[]>();
    const blobs = new Map<number, Buffer>();
    let describes = false;
    const known: readonly number[] = Object.values(TAG);
    for (let each = 0; each < count; each++) {
      const tag = this.#u16(start + each * entry);
      if (known.includes(tag)) tags.set(tag, this.#values(start + each * entry));
      describes ||= DESCRIPTIONS.includes(tag);
      if (BLOBS.includes(tag)) blobs.set(tag, this.#bytes(start + each * entry));
    }
    const end = start + count * entry;
    return { tags, blobs, describes, next: this.#big ? this.#u64(end) : this.#u32(end) };
  }

  /** Offset of an entry's values, and whether they are in the entry itself. */
  #place(entry: number) {
    const type = this.#u16(entry + 2);
    const count = this.#big ? this.#u64(entry + 4) : this.#u32(entry + 4);
    const size = BYTES[type] ?? 0;
    const inline = entry + (this.#big ? 12 : 8);
    const fits = count * size <= (this.#big ? 8 : 4);
    const start = fits ? inline : this.#big ? this.#u64(inline) : this.#u32(inline);
    return { type, count, size, fits, start };
  }

  #bytes(entry: number): Buffer {
    const { count, size, start } = this.#place(entry);
    return this.#data.subarray(start, start + count * size);
  }

  #values(entry: number): number[] {
    const { type, count, size, fits, start } = this.#place(entry);
    if (size === 0 || start + count * size > this.#data.length) return [];
    if (!fits) this.#left -= count * size;
    if (this.#left < 0) throw new RangeError("The values of the directories overlap.");
    return Array.from({ length: count }, (_, index) => this.#value(type, start + index * size));
  }

  #value(type: number, at: number): number {
    const view = new DataView(this.#data.buffer, this.#data.byteOffset + at);
    const little = this.#little;
    switch (type) {
      case 3:
        return view.getUint16(0, little);
      case 4:
      case 13:
        return view.getUint32(0, little);
      case 5:
        return view.getUint32(0, little) / view.getUint32(4, little);
      case 8:
        return view.getInt16(0, little);
      case 9:
        return view.getInt32(0, little);
      case 11:
        return view.getFloat32(0, little);
      case 12:
        return view.getFloat64(0, little);
      case 16:
      case 18:
        return Number(view.getBigUint64(0, little));
      default:
        return view.getUint8(0);
    }
  }

  #u16(at: number): number {
    return this.#little ? this.#data.readUInt16LE(at) : this.#data.readUInt16BE(at);
  }

  #u32(at: number): number {
    return this.#little ? this.#data.readUInt32LE(at) : this.#data.readUInt32BE(at);
  }

  #u64(at: number): number {
    return Number(this.#little ? this.#data.readBigUInt64LE(at) : this.#data.readBigUInt64BE(at));
  }
}

/** Pages of a document, without thumbnails and masks. */
export function documentPages(pages: readonly TiffPage[]): number[] {
  const found = pages.filter(({ auxiliary }) => !auxiliary).map(({ index }) => index);
  return found.length > 0 ? found : [0];
}

/** Compressions that the bundled decoder does not support. */
const UNSUPPORTED: Readonly<Record<number, string>> = {
  6: "old-style JPEG",
  9: "JBIG",
  10: "JBIG",
  33003: "JPEG 2000",
  33004: "JPEG 2000",
  33005: "JPEG 2000",
  34661: "JBIG",
  34712: "JPEG 2000",
  34887: "LERC",
  34925: "LZMA",
  50000: "ZSTD",
  50002: "JPEG XL",
};

/** Name of a page's compression if it is unsupported. */
export function unsupportedCompression({ compression }: TiffPage): string | undefined {
  return UNSUPPORTED[compression];
}
