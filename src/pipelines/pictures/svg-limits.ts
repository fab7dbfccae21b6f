import { PermanentError } from "../../pipeline/control.ts";
import { inWords, tooManyPixels, undecodable } from "./failure.ts";

/**
 * Limits for SVG content. A 2 KB drawing can demand minutes of CPU time and gigabytes of memory. These limits are far
 * beyond any drawing made for people.
 */
export const svgLimits = {
  /** librsvg takes about 3 KB and 20 µs per tag. */
  tags: 100_000,
  /** Characters of text, with entities expanded. Layout takes 5.7 KB per character. */
  textCharacters: 20_000,
  /** Characters between two tags. Layout time grows faster than quadratically (0.2 s for 1,000). */
  textRun: 2_000,
  /** Depth of nested elements. */
  nesting: 256,
  /** Filter primitives (`feGaussianBlur`, …). */
  filterPrimitives: 100,
  /** Pixels per side, limited by cairo. librsvg treats larger sizes as one pixel. */
  side: 32_767,
  /** CPU time for drawing in ms, for costs that no other limit covers. */
  drawingMs: 10_000,
} as const;

const ADVICE = "Simplify the drawing, or upload it as a PNG.";

/** Rejects an SVG that exceeds a limit. The error names the limit. */
export function checkSvg(data: Buffer, what: string): void {
  const text = data.toString("utf8");
  const found = measure(text);
  const over: [number, number, string][] = [
    [found.tags, svgLimits.tags, "tags"],
    [found.textCharacters, svgLimits.textCharacters, "characters of text"],
    [found.textRun, svgLimits.textRun, "characters in one run of text"],
    [found.nesting, svgLimits.nesting, "levels of nested elements"],
    [found.filterPrimitives, svgLimits.filterPrimitives, "filter primitives"],
  ];
  for (const [count, limit, unit] of over) {
    if (count <= limit) continue;
    throw undecodable(
      `${what} has ${inWords(count)} ${unit}. The limit for an SVG is ${inWords(limit)}. ${ADVICE}`,
    );
  }
  checkSides(text.slice(0, 16_384), what);
}

interface Measures {
  tags: number;
  textCharacters: number;
  textRun: number;
  nesting: number;
  filterPrimitives: number;
}

/** Matches tags, comments, CDATA, declarations and text, in one pass even for malformed files. */
const PIECES =
  /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[([\s\S]*?)(?:\]\]>|$)|<[!?][^>]*>?|<(\/?)([^\s/>]*)([^>]*)>?|([^<]+)/g;
/** Elements whose text is not drawn. */
const SILENT = /^(?:[\w-]+:)?(?:style|script|metadata|desc|title)$/;

function measure(text: string): Measures {
  const entities = entitiesOf(text);
  const found: Measures = { tags: 0, textCharacters: 0, textRun: 0, nesting: 0, filterPrimitives: 0 };
  let depth = 0;
  let silent = false;
  for (const [, cdata, closing, name, rest, characters] of text.matchAll(PIECES)) {
    if (name !== undefined) {
      found.tags++;
      if (/^(?:[\w-]+:)?fe[A-Z]/.test(name) && !closing) found.filterPrimitives++;
      silent = !closing && SILENT.test(name);
      if (closing) depth--;
      else if (!rest!.endsWith("/")) depth++;
      found.nesting = Math.max(found.nesting, depth);
    } else if (!silent) {
      const length = lengthOf(cdata ?? characters ?? "", entities);
      found.textCharacters += length;
      found.textRun = Math.max(found.textRun, length);
    }
  }
  return found;
}

/** Expanded lengths of the entities that the file declares, by name. Includes nested entities. */
function entitiesOf(text: string): Map<string, number> {
  const lengths = new Map<string, number>();
  for (const [, name, , value] of text.matchAll(/<!ENTITY\s+(\S+)\s+(["'])([\s\S]*?)\2/g)) {
    lengths.set(name!, lengthOf(value!, lengths));
  }
  return lengths;
}

function lengthOf(text: string, entities: ReadonlyMap<string, number>): number {
  let length = text.trim().length;
  if (entities.size === 0) return length;
  for (const [, name] of text.matchAll(/&([^#;&\s]+);/g)) length += entities.get(name!) ?? 0;
  return length;
}

function checkSides(head: string, what: string): void {
  const [root] = head.match(/<(?:[\w-]+:)?svg\b[^>]*>/) ?? [];
  for (const [, length] of root?.matchAll(/\s(?:width|height)\s*=\s*["']\s*([\d.]+(?:e\d+)?)(?!%)/gi) ?? []) {
    if (Number(length) <= svgLimits.side) continue;
    throw tooManyPixels(
      `${what} is ${length} long on one side. The limit for an SVG is ${inWords(svgLimits.side)}.`,
    );
  }
}

const LOOK_MS = 100;

/**
 * Limits the time for a drawing. Measured as CPU time of the process, so it must draw nothing else meanwhile. Drawing
 * cannot be interrupted, so the process must be replaced after a timeout.
 */
export async function withinDrawingTime<T>(what: string, drawing: Promise<T>): Promise<T> {
  const began = process.cpuUsage();
  const late = Promise.withResolvers<never>();
  const watch = setInterval(() => {
    const { user, system } = process.cpuUsage(began);
    if ((user + system) / 1_000 <= svgLimits.drawingMs) return;
    const seconds = svgLimits.drawingMs / 1_000;
    const message = `${what} takes more than ${seconds} s to draw, the limit for an SVG. ${ADVICE}`;
    late.reject(new PermanentError("undecodable_file", message, { abandonsWork: true }));
  }, LOOK_MS);
  try {
    return await Promise.race([drawing, late.promise]);
  } finally {
    clearInterval(watch);
  }
}
