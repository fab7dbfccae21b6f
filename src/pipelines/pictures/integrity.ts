import { cutOff, inWords, tooManyPixels, undecodable } from "./failure.ts";
import type { InputFormat } from "./formats.ts";

/** librsvg takes some 3 KB and 20 µs for each: a drawing beyond this is not for a picture converter. */
const MAX_SVG_TAGS = 100_000;
/** What cairo can draw on; librsvg takes larger sizes for one pixel. */
const MAX_SVG_SIDE = 32_767;

/**
 * Finds what the decoders let pass: a GIF or WebP that ends too early (they show the frames that came), and
 * SVGs that cost far more than their size.
 */
export function checkIntegrity(data: Buffer, format: InputFormat, what: string): void {
  if (format === "svg") checkSvg(data, what);
  const short =
    (format === "gif" && !gifHasEnd(data)) || (format === "webp" && data.readUInt32LE(4) + 8 > data.length);
  if (short) throw cutOff(what);
}

function checkSvg(data: Buffer, what: string): void {
  let tags = 0;
  for (let at = data.indexOf(60); at !== -1; at = data.indexOf(60, at + 1)) tags += 1;
  if (tags > MAX_SVG_TAGS) {
    throw undecodable(
      `${what} has ${inWords(tags)} tags; at most ${inWords(MAX_SVG_TAGS)} are allowed in an SVG.`,
    );
  }
  const [root] = data.toString("utf8", 0, 16_384).match(/<(?:[\w-]+:)?svg\b[^>]*>/) ?? [];
  for (const [, length] of root?.matchAll(/\s(?:width|height)\s*=\s*["']\s*([\d.]+(?:e\d+)?)(?!%)/gi) ?? []) {
    if (Number(length) <= MAX_SVG_SIDE) continue;
    throw tooManyPixels(
      `${what} is ${length} long on a side; at most ${inWords(MAX_SVG_SIDE)} is allowed in an SVG.`,
    );
  }
}

/** Walks a GIF's blocks to its trailer. */
function gifHasEnd(data: Buffer): boolean {
  const table = (flags: number) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let at = 13 + table(data[10] ?? 0);
  while (at < data.length) {
    const kind = data[at];
    if (kind === 0x3b) return true;
    if (kind === 0x21) at += 2;
    else if (kind === 0x2c) at += 11 + table(data[at + 9] ?? 0);
    // Not a block: for the decoder to judge.
    else return true;
    while ((data[at] ?? 0) > 0) at += 1 + data[at]!;
    at += 1;
  }
  return false;
}
