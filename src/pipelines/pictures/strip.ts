import type { InputFormat } from "./formats.ts";
import { tiffPixels } from "./strip-tiff.ts";

/**
 * Removes metadata from a file without re-encoding it. Keeps what affects how the pixels look: color profile, density,
 * animation and orientation. `null` for formats and files where we cannot tell them apart.
 * @param orientation EXIF orientation of the unchanged pixels. Only for JPEG does every viewer apply it.
 */
export function withoutMetadata(file: Buffer, format: InputFormat, orientation: number): Buffer | null {
  switch (format) {
    case "jpeg":
      return jpeg(file, orientation);
    case "png":
      return orientation === 1 ? png(file) : null;
    case "webp":
      return orientation === 1 ? webp(file) : null;
    case "gif":
      return gif(file);
    case "tiff":
      return orientation === 1 ? tiffPixels(file) : null;
    // BMP has no metadata.
    case "bmp":
      return file;
    default:
      return null;
  }
}

/** EXIF data that contains only an orientation. */
function orientationOnly(orientation: number): Buffer {
  return Buffer.from([
    ...[0x4d, 0x4d, 0, 42, 0, 0, 0, 8],
    ...[0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0],
    ...[0, 0, 0, 0],
  ]);
}

/** Segments that affect how the pixels look: JFIF, the profile in APP2 and Adobe's color transform. */
function isJpegLook(marker: number, content: Buffer): boolean {
  if (marker === 0xe0) return content.toString("latin1", 0, 4) === "JFIF";
  if (marker === 0xe2) return content.toString("latin1", 0, 11) === "ICC_PROFILE";
  if (marker === 0xee) return content.toString("latin1", 0, 5) === "Adobe";
  return marker < 0xe0 || (marker > 0xef && marker !== 0xfe);
}

function jpeg(file: Buffer, orientation: number): Buffer | null {
  const kept = [file.subarray(0, 2)];
  if (orientation !== 1) {
    const exif = Buffer.concat([Buffer.from("Exif\x00\x00"), orientationOnly(orientation)]);
    kept.push(Buffer.from([0xff, 0xe1, 0, exif.length + 2]), exif);
  }
  let at = 2;
  while (at + 2 <= file.length) {
    const marker = file[at + 1]!;
    if (file[at] !== 0xff || marker < 0xc0) return null;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xd9) return Buffer.concat([...kept, file.subarray(at, at + 2)]);
    if (at + 4 > file.length) return null;
    let end = at + 2 + file.readUInt16BE(at + 2);
    if (end > file.length) return null;
    const isLook = isJpegLook(marker, file.subarray(at + 4, end));
    if (marker === 0xda) end = endOfScan(file, end);
    if (isLook) kept.push(file.subarray(at, end));
    at = end;
  }
  return null;
}

/** Offset of the next marker, skipping restart markers and stuffed bytes. */
function endOfScan(file: Buffer, from: number): number {
  for (let at = file.indexOf(0xff, from); at !== -1; at = file.indexOf(0xff, at + 1)) {
    const next = file[at + 1] ?? 0xd9;
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at;
  }
  return file.length;
}

const PNG_LOOK = new Set(
  "IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT pHYs bKGD hIST sPLT acTL fcTL fdAT".split(
    " ",
  ),
);

function png(file: Buffer): Buffer | null {
  const kept = [file.subarray(0, 8)];
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 12 + file.readUInt32BE(at);
    if (end > file.length) return null;
    const name = file.toString("latin1", at + 4, at + 8);
    if (PNG_LOOK.has(name)) kept.push(file.subarray(at, end));
    if (name === "IEND") return Buffer.concat(kept);
    at = end;
  }
  return null;
}

const WEBP_LOOK = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
const [WEBP_EXIF, WEBP_XMP] = [0x08, 0x04];

function webp(file: Buffer): Buffer | null {
  const size = file.readUInt32LE(4) + 8;
  if (size > file.length) return null;
  const kept: Buffer[] = [];
  for (let at = 12; at + 8 <= size; ) {
    const end = at + 8 + file.readUInt32LE(at + 4);
    if (end > size) return null;
    const name = file.toString("latin1", at, at + 4);
    if (WEBP_LOOK.has(name)) {
      const chunk = Buffer.from(file.subarray(at, Math.min(size, end + (end % 2))));
      if (name === "VP8X") chunk[8]! &= ~(WEBP_EXIF | WEBP_XMP);
      kept.push(chunk);
    }
    at = end + (end % 2);
  }
  const body = Buffer.concat(kept);
  const head = Buffer.from("RIFF\x00\x00\x00\x00WEBP", "latin1");
  head.writeUInt32LE(body.length + 4, 4);
  return Buffer.concat([head, body]);
}

/** Application extensions that affect how a GIF plays and looks. */
const GIF_LOOK = ["NETSCAPE2.0", "ANIMEXTS1.0", "ICCRGBG1012"];

function gif(file: Buffer): Buffer | null {
  const table = (flags: number) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let at = 13 + table(file[10] ?? 0);
  const kept = [file.subarray(0, at)];
  while (at < file.length) {
    const begin = at;
    const kind = file[at];
    if (kind === 0x3b) return Buffer.concat([...kept, file.subarray(at, at + 1)]);
    if (kind === 0x21) at += 2;
    else if (kind === 0x2c) at += 11 + table(file[at + 9] ?? 0);
    else return null;
    while ((file[at] ?? 0) > 0) at += 1 + file[at]!;
    at += 1;
    const isComment = kind === 0x21 && file[begin + 1] === 0xfe;
    const isOther =
      kind === 0x21 &&
      file[begin + 1] === 0xff &&
      !GIF_LOOK.includes(file.toString("latin1", begin + 3, begin + 14));
    if (!isComment && !isOther) kept.push(file.subarray(begin, at));
  }
  return null;
}
