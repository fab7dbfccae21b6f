import { avifFacts } from "./avif.ts";
import type { InputFormat } from "./formats.ts";
import { readTiff } from "./tiff.ts";

/** Markers of gain maps that sharp does not read. */
const GAIN_MAPS = ["http://ns.apple.com/HDRGainMap/1.0/", "urn:iso:std:iso:ts:21496:-1"];

/** Metadata in the file that sharp does not read: EXIF in a TIFF, comments, XMP in a GIF. */
export function unreadMetadata(file: Buffer, format: InputFormat): string[] {
  switch (format) {
    case "tiff":
      return readTiff(file).some(({ layout }) => layout.describes) ? ["EXIF"] : [];
    case "gif":
      return gifMetadata(file);
    case "jpeg":
      return hasJpegComment(file) ? ["comment"] : [];
    case "png":
      return hasPngText(file) ? ["comment"] : [];
    default:
      return [];
  }
}

/** Whether there is a gain map that sharp does not read. */
export function hasUnreadGainMap(file: Buffer, format: InputFormat): boolean {
  if (format === "avif") return avifFacts(file).gainMap;
  return format === "jpeg" && GAIN_MAPS.some((name) => file.includes(name));
}

function gifMetadata(file: Buffer): string[] {
  const table = (flags: number) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  const found = new Set<string>();
  for (let at = 13 + table(file[10] ?? 0); at < file.length; at += 1) {
    const begin = at;
    if (file[begin] === 0x21) at += 2;
    else if (file[begin] === 0x2c) at += 11 + table(file[at + 9] ?? 0);
    else break;
    if (file[begin] === 0x21 && file[begin + 1] === 0xfe) found.add("comment");
    if (file.toString("latin1", begin + 3, begin + 14) === "XMP DataXMP") found.add("XMP");
    while ((file[at] ?? 0) > 0) at += 1 + file[at]!;
  }
  return [...found];
}

function hasJpegComment(file: Buffer): boolean {
  for (let at = 2; at + 4 <= file.length && file[at] === 0xff; at += 2 + file.readUInt16BE(at + 2)) {
    if (file[at + 1] === 0xfe) return true;
    if (file[at + 1] === 0xda) return false;
  }
  return false;
}

/** XMP has a separate text chunk, which sharp reads. */
function hasPngText(file: Buffer): boolean {
  for (let at = 8; at + 12 <= file.length; at += 12 + file.readUInt32BE(at)) {
    const type = file.toString("latin1", at + 4, at + 8);
    if (!["tEXt", "zTXt", "iTXt"].includes(type)) continue;
    if (file.toString("latin1", at + 8, at + 25) !== "XML:com.adobe.xmp") return true;
  }
  return false;
}
