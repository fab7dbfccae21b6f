import { inWords, tooManyPixels, undecodable } from "./failure.ts";

/** librsvg takes some 3 KB and 20 µs for each: a drawing beyond this is not for a picture converter. */
const MAX_SVG_TAGS = 100_000;
/** What cairo can draw on; librsvg takes larger sizes for one pixel. */
const MAX_SVG_SIDE = 32_767;

/** Finds SVGs that cost far more than their size. */
export function checkSvg(data: Buffer, what: string): void {
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
