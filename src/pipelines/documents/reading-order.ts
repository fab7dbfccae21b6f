import { around, median, right, rounded, roundedBox, type TextLine, type TextWord } from "./page-text.ts";
import type { Segment } from "./segments.ts";

interface Size {
  width: number;
  height: number;
}

/** Minimum width of a gutter as a fraction of the page's, and its range within the divided area. */
const GUTTER_WIDTH = 0.012;
const GUTTER_FROM = 0.25;
const GUTTER_TO = 0.75;
/** Minimum lines and height of a column, which exclude a row of choices. */
const COLUMN_LINES = 3;
const COLUMN_HEIGHT = 0.1;
/** Minimum width of an area to divide, as a fraction of the page's. */
const DIVISIBLE_WIDTH = 0.4;
/** Maximum fraction of lines across the gutter, such as titles. */
const MOST_ACROSS = 0.3;
const MAX_DEPTH = 8;

/** Arranges segments as lines in reading order. Finds columns by recursive cuts, and reads each from its top. */
export function orderLines(segments: readonly Segment[], page: Size): TextLine[] {
  return blocksOf(segments, page).flatMap((block, index) => linesOf(block, index));
}

/** Columns and bands of a page, in reading order. Boxes must be in the same unit as the page's size. */
export function blocksOf(segments: readonly Segment[], page: Size): Segment[][] {
  return cut(segments, page, 0);
}

function cut(segments: readonly Segment[], page: Size, depth: number): Segment[][] {
  if (segments.length === 0) return [];
  if (depth >= MAX_DEPTH) return [[...segments]];
  const gutter = findGutter(segments, page);
  if (gutter !== null) {
    const left = segments.filter(({ box }) => right(box) <= gutter);
    const others = segments.filter(({ box }) => right(box) > gutter);
    return [left, others].flatMap((side) => cut(side, page, depth + 1));
  }
  const bands = findBands(segments, page);
  return bands ? bands.flatMap((band) => cut(band, page, depth + 1)) : [[...segments]];
}

/** Middle of the widest strip that no segment crosses and that has a column on either side. */
function findGutter(segments: readonly Segment[], page: Size): number | null {
  const whole = around(segments.map(({ box }) => box));
  if (whole.width < page.width * DIVISIBLE_WIDTH) return null;
  let best: { at: number; width: number } | null = null;
  for (const { from, to } of gaps(segments.map(({ box }) => [box.x, right(box)]))) {
    const at = (from + to) / 2;
    const width = to - from;
    const place = (at - whole.x) / whole.width;
    if (width < page.width * GUTTER_WIDTH || place < GUTTER_FROM || place > GUTTER_TO) continue;
    if (best && best.width >= width) continue;
    const left = segments.filter(({ box }) => right(box) <= at);
    const others = segments.filter(({ box }) => box.x >= at);
    if (isColumn(left, page) && isColumn(others, page)) best = { at, width };
  }
  return best?.at ?? null;
}

function isColumn(segments: readonly Segment[], page: Size): boolean {
  if (segments.length < COLUMN_LINES) return false;
  return around(segments.map(({ box }) => box)).height > page.height * COLUMN_HEIGHT;
}

/** Gaps that no interval covers. */
function gaps(intervals: [number, number][]): { from: number; to: number }[] {
  const sorted = intervals.sort((a, b) => a[0] - b[0]);
  const found: { from: number; to: number }[] = [];
  let end = sorted[0]?.[1] ?? 0;
  for (const [from, to] of sorted) {
    if (from > end) found.push({ from: end, to: from });
    end = Math.max(end, to);
  }
  return found;
}

/**
 * Divides the page into bands at lines that cross a gutter, such as titles and section rules. `null` if no band has
 * columns, so that the page is a single column.
 */
function findBands(segments: readonly Segment[], page: Size): Segment[][] | null {
  const whole = around(segments.map(({ box }) => box));
  if (whole.width < page.width * DIVISIBLE_WIDTH || segments.length < 2 * COLUMN_LINES) return null;
  const step = page.width * GUTTER_WIDTH;
  let best: { bands: Segment[][]; across: number } | null = null;
  for (let at = whole.x + whole.width * GUTTER_FROM; at < whole.x + whole.width * GUTTER_TO; at += step / 2) {
    const isAcross = ({ box }: Segment) => box.x < at + step / 2 && right(box) > at - step / 2;
    const across = segments.filter(isAcross).length;
    if (across === 0 || across > segments.length * MOST_ACROSS || (best && across >= best.across)) continue;
    const bands = bandsAt(segments, isAcross);
    if (bands.length > 1 && bands.some((band) => findGutter(band, page) !== null)) best = { bands, across };
  }
  return best?.bands ?? null;
}

/** Alternating bands from the top: lines that cross the gutter, and lines next to it. */
function bandsAt(segments: readonly Segment[], isAcross: (segment: Segment) => boolean): Segment[][] {
  const bands: Segment[][] = [];
  let before: boolean | null = null;
  for (const segment of segments.toSorted((a, b) => a.box.y - b.box.y || a.box.x - b.box.x)) {
    const across = isAcross(segment);
    // A mark may share the title's baseline.
    const besideTitle = before === true && Math.abs(bands.at(-1)!.at(-1)!.baseline - segment.baseline) < 2;
    if (across === before || besideTitle) bands.at(-1)!.push(segment);
    else {
      bands.push([segment]);
      before = across;
    }
  }
  return bands;
}

/** In font sizes. */
const SAME_ROW = 0.3;
/** Minimum fraction of a block's lines that begin at its left edge. */
const LEFT_SHARE = 0.15;

/** Lines of one block, from its top. Segments on the same baseline form one line. */
function linesOf(segments: readonly Segment[], block: number): TextLine[] {
  const rows: Segment[][] = [];
  for (const segment of segments.toSorted((a, b) => a.baseline - b.baseline || a.box.x - b.box.x)) {
    const row = rows.at(-1);
    const first = row?.[0];
    const tolerance = Math.max(2, SAME_ROW * Math.min(segment.size, first?.size ?? segment.size));
    if (first && Math.abs(first.baseline - segment.baseline) <= tolerance) row.push(segment);
    else rows.push([segment]);
  }
  const lines = rows.map((row) => lineOf(row.sort((a, b) => a.box.x - b.box.x)));
  const blockLeft = rounded(leftOf(lines.map(({ box }) => box.x)));
  return lines.map((line) => ({ ...line, block, blockLeft }));
}

function lineOf(row: readonly Segment[]): Omit<TextLine, "block" | "blockLeft"> {
  const words = row.flatMap((segment) => segment.words);
  return {
    text: words.map(({ text }) => text).join(" "),
    box: roundedBox(around(row.map(({ box }) => box))),
    baseline: rounded(median(row.map(({ baseline }) => baseline))),
    size: rounded(Math.max(...row.map(({ size }) => size))),
    confidence: rounded(meanConfidence(words)),
    words: words.map((word) => ({
      ...word,
      box: roundedBox(word.box),
      confidence: rounded(word.confidence),
    })),
  };
}

/** Average weighted by length. 0 without words. */
export function meanConfidence(words: readonly TextWord[]): number {
  const length = words.reduce((sum, { text }) => sum + text.length, 0);
  return length === 0
    ? 0
    : words.reduce((sum, { text, confidence }) => sum + text.length * confidence, 0) / length;
}

/** Left edge of a block: the leftmost position that several lines share. */
function leftOf(lefts: readonly number[]): number {
  const least = Math.max(1, Math.min(2, lefts.length * LEFT_SHARE));
  const shared = lefts.filter((left) => lefts.filter((other) => Math.abs(other - left) <= 2).length >= least);
  return Math.min(...(shared.length > 0 ? shared : lefts));
}
