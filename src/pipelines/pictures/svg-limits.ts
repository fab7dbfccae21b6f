import { PermanentError } from "../../pipeline/control.ts";
import { inWords, tooManyPixels, undecodable } from "./failure.ts";

/**
 * What an SVG may contain. A drawing of 2 KB can ask for minutes of work and gigabytes of memory; these are far
 * beyond what drawings for people have.
 */
export const svgLimits = {
  /** librsvg takes some 3 KB and 20 µs for each. */
  tags: 100_000,
  /** Characters of text, entities replaced. Laying out takes 5.7 KB for each. */
  textCharacters: 20_000,
  /** Of them between two tags: the time to lay out a run grows faster than its square (0.2 s for 1,000). */
  textRun: 2_000,
  /** Elements within elements. */
  nesting: 256,
  /** Filter primitives (`feGaussianBlur`, …). */
  filterPrimitives: 100,
  /** Pixels on a side: what cairo can draw on. librsvg takes larger sizes for one pixel. */
  side: 32_767,
  /** Processor time for drawing, ms: for what no count foresees. */
  drawingMs: 10_000,
} as const;

const ADVICE = "Simplify the drawing, or upload it as a PNG.";

/** Refuses an SVG beyond a limit; the error names the limit. */
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
      `${what} has ${inWords(count)} ${unit}; at most ${inWords(limit)} are allowed in an SVG. ${ADVICE}`,
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

/** Of text between tags, comments, CDATA sections and declarations: one pass, whatever is wrong with the file. */
const PIECES =
  /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[([\s\S]*?)(?:\]\]>|$)|<[!?][^>]*>?|<(\/?)([^\s/>]*)([^>]*)>?|([^<]+)/g;
/** Their text is not drawn. */
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

/** Entities that the file declares, by name: how long each becomes. Those within others are counted with them. */
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
      `${what} is ${length} long on a side; at most ${inWords(svgLimits.side)} is allowed in an SVG.`,
    );
  }
}

const LOOK_MS = 100;

/**
 * Waits for a drawing as long as it may take. The process must draw nothing else meanwhile, as its processor time is
 * what counts; and as the drawing cannot be stopped, the process must be replaced when it took too long.
 */
export async function withinDrawingTime<T>(what: string, drawing: Promise<T>): Promise<T> {
  const began = process.cpuUsage();
  const late = Promise.withResolvers<never>();
  const watch = setInterval(() => {
    const { user, system } = process.cpuUsage(began);
    if ((user + system) / 1_000 <= svgLimits.drawingMs) return;
    const seconds = svgLimits.drawingMs / 1_000;
    const message = `${what} takes more than ${seconds} s to draw, which is the most that an SVG may. ${ADVICE}`;
    late.reject(new PermanentError("undecodable_file", message, { abandonsWork: true }));
  }, LOOK_MS);
  try {
    return await Promise.race([drawing, late.promise]);
  } finally {
    clearInterval(watch);
  }
}
