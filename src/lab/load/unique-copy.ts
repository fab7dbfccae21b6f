import { crc32 } from "node:zlib";

const JPEG = Buffer.from([0xff, 0xd8, 0xff]);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PDF = Buffer.from("%PDF-");
/** End of a PNG's header chunk: signature, 12 bytes of framing and 13 bytes of content. */
const PNG_HEADER_END = PNG.length + 25;

/**
 * Copies an image or document with a unique comment, because identical bytes would be answered from the cache without
 * any work. `null` for formats without comments.
 */
export function uniqueCopy(file: Buffer, text: string): Buffer | null {
  const comment = Buffer.from(`millrace load ${text}`, "latin1");
  if (startsWith(file, JPEG)) return insert(file, 2, jpegComment(comment));
  if (startsWith(file, PNG)) return insert(file, PNG_HEADER_END, pngText(comment));
  // Readers look for the end of a PDF near its end and skip comments there.
  if (startsWith(file, PDF)) return Buffer.concat([file, Buffer.from("\n% "), comment, Buffer.from("\n")]);
  return null;
}

function startsWith(file: Buffer, magic: Buffer): boolean {
  return file.subarray(0, magic.length).equals(magic);
}

function insert(file: Buffer, at: number, bytes: Buffer): Buffer {
  return Buffer.concat([file.subarray(0, at), bytes, file.subarray(at)]);
}

function jpegComment(comment: Buffer): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(comment.length + 2, 2);
  return Buffer.concat([head, comment]);
}

function pngText(comment: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from("tEXtComment\0"), comment]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(content.length - 4, 0);
  frame.writeUInt32BE(crc32(content), 4);
  return Buffer.concat([frame.subarray(0, 4), content, frame.subarray(4)]);
}
