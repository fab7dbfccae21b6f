import { crc32 } from "node:zlib";

const ENTRY_BYTES = 12;
const X_RESOLUTION = 0x011a;
const RESOLUTION_UNIT = 0x0128;
const CENTIMETRE = 3;

/** The first directory of EXIF data, which is a TIFF file without pixels. */
interface Directory {
  /** EXIF data from the byte order mark on. */
  tiff: Buffer;
  u16(at: number): number;
  u32(at: number): number;
  /** Start and end of its entries. The offset of the thumbnail's directory follows the entries. */
  start: number;
  end: number;
}

/** @param exif with or without a leading "Exif\0\0" */
function directoryOf(exif: Buffer): Directory | null {
  const tiff = exif.subarray(exif.toString("latin1", 0, 4) === "Exif" ? 6 : 0);
  if (tiff.length < 14) return null;
  const little = tiff.toString("latin1", 0, 2) === "II";
  const u16 = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const u32 = (at: number) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at));
  const at = u32(4);
  if (at + 2 > tiff.length) return null;
  const start = at + 2;
  const end = start + u16(at) * ENTRY_BYTES;
  return end + 4 > tiff.length ? null : { tiff, u16, u32, start, end };
}

/** Dots per inch according to EXIF. `null` if unknown. */
export function exifDensity(exif: Buffer): number | null {
  const directory = directoryOf(exif);
  if (!directory) return null;
  const { tiff, u16, u32, start, end } = directory;
  let density: number | null = null;
  let unit = 1;
  for (let at = start; at < end; at += ENTRY_BYTES) {
    const value = u32(at + 8);
    if (u16(at) === RESOLUTION_UNIT && u16(at + 8) === CENTIMETRE) unit = 2.54;
    if (u16(at) === X_RESOLUTION && value + 8 <= tiff.length) density = u32(value) / u32(value + 4);
  }
  return density !== null && Number.isFinite(density) && density > 0 ? density * unit : null;
}

/**
 * Unlinks the EXIF thumbnail, which would show the image before it was cropped, rotated or watermarked. Lengths do not
 * change, so nothing else in the file has to.
 */
export function withoutThumbnail(file: Buffer, exif: Buffer | undefined): Buffer {
  const directory = exif && directoryOf(exif);
  if (!directory || directory.u32(directory.end) === 0) return file;
  const { tiff, end } = directory;
  const start = file.indexOf(tiff);
  if (start === -1) return file;
  const changed = Buffer.from(file);
  changed.writeUInt32LE(0, start + end);
  // A PNG chunk ends with a checksum of its name and data.
  const name = start - 4;
  if (changed.toString("latin1", name, start) === "eXIf") {
    const checksum = start + tiff.length;
    changed.writeUInt32BE(crc32(changed.subarray(name, checksum)), checksum);
  }
  return changed;
}
