import { fileTypeFromBuffer } from "file-type";
import { hasSvgRoot } from "./svg-root.ts";

/** Leading bytes that decide a file's type: an SVG may begin with a long comment, such as a license. */
export const HEAD_BYTES = 64 * 1024;

/** Formats that begin with plain text; anything else that reads as text is text, whatever it begins with. */
const TEXTUAL = new Set(["application/pdf", "application/rtf", "application/postscript", "application/eps"]);

/**
 * Detects the media type of a file from its first `HEAD_BYTES` bytes, never from its name; `null` if unknown. A shorter
 * head is taken as the whole file. Text of any kind (JSON, CSV, XML, HTML) is `text/plain` if it is UTF-8 without
 * control characters.
 */
export async function mediaTypeOf(head: Buffer): Promise<string | null> {
  const sample = head.subarray(0, HEAD_BYTES);
  if (hasSvgRoot(sample)) return "image/svg+xml";
  const known = await knownType(sample);
  if (isText(sample)) return known && TEXTUAL.has(known) ? known : "text/plain";
  if (known === "image/apng") return "image/png";
  if (known === "image/heif" && brands(sample).some((brand) => brand === "avif" || brand === "avis")) {
    return "image/avif";
  }
  return known;
}

/**
 * Pictures whose header may extend past the sample, which file-type cannot handle: the directory of a TIFF is often at
 * the end, and a PNG may begin with a large profile.
 */
const SIGNATURES: readonly (readonly [mediaType: string, start: string])[] = [
  ["image/tiff", "II*\0"],
  ["image/tiff", "MM\0*"],
  ["image/png", "\u0089PNG\r\n\u001a\n"],
];

async function knownType(sample: Buffer): Promise<string | null> {
  // file-type throws on some inconsistent headers.
  const found = await fileTypeFromBuffer(sample).catch(() => undefined);
  if (found) return found.mime;
  const start = sample.toString("latin1", 0, 8);
  return SIGNATURES.find(([, signature]) => start.startsWith(signature))?.[0] ?? null;
}

function isText(sample: Buffer): boolean {
  if (sample.length === 0) return false;
  if (sample.some((byte) => byte < 9 || byte === 11 || (byte > 13 && byte < 32) || byte === 127))
    return false;
  try {
    // The cut may fall inside a character.
    new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: sample.length >= HEAD_BYTES });
    return true;
  } catch {
    return false;
  }
}

/** The compatible brands of an ISO media file: some AVIF encoders put the generic `mif1` first. */
function brands(sample: Buffer): string[] {
  const end = Math.min(sample.readUInt32BE(0), sample.length);
  const found: string[] = [];
  for (let at = 16; at + 4 <= end; at += 4) found.push(sample.toString("latin1", at, at + 4));
  return found;
}
