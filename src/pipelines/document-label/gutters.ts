import { type PageText, right, type TextLine, type TextWord } from "../documents/page-text.ts";

/** Minimum width of a gutter, in font sizes. */
const NARROWEST = 0.6;
/** Minimum number of lines on either side of a gutter. */
const LEAST_LINES = 6;
/** Maximum fraction of lines that may cross a gutter: titles and headers. */
const MOST_ACROSS = 0.2;
/** Range of positions for a gutter, as fractions of the page's width. */
const FROM = 0.22;
const TO = 0.78;
/** Minimum distance between gutters, in points. */
const APART = 30;

/**
 * Finds gutters that are narrower than the gaps between some words, so that rows of both columns look like one line.
 * Almost no word lies across such a gutter.
 * @returns positions in points from the left of the page
 */
export function narrowGutters(page: PageText): number[] {
  const places: { x: number; sided: number }[] = [];
  for (let x = Math.ceil(page.width * FROM); x < page.width * TO; x++) {
    const { divided, across, left, right: beyond } = countAt(page.lines, x);
    const sided = divided + Math.min(left, beyond);
    if (divided > 0 && sided >= LEAST_LINES && across <= (sided + across) * MOST_ACROSS)
      places.push({ x, sided });
  }
  const found: number[] = [];
  for (const { x } of places.sort((a, b) => b.sided - a.sided)) {
    if (found.every((other) => Math.abs(other - x) > APART)) found.push(x);
  }
  return found;
}

/** Counts the lines that have a gap at `x`, that cross it, and that lie on one side. */
function countAt(lines: readonly TextLine[], x: number) {
  const count = { divided: 0, across: 0, left: 0, right: 0 };
  for (const { words, size, box } of lines) {
    const at = words.findIndex((word) => word.box.x > x);
    if (right(box) <= x) count.left++;
    else if (at === 0) count.right++;
    else if (at > 0 && isGap(words, at, size, x)) count.divided++;
    else count.across++;
  }
  return count;
}

function isGap(words: readonly TextWord[], at: number, size: number, x: number): boolean {
  const end = right(words[at - 1]!.box);
  return end <= x && words[at]!.box.x - end >= NARROWEST * size;
}

/** Whether a gutter lies between a word and the previous one. */
export function isAtGutter(words: readonly TextWord[], at: number, size: number, gutters: readonly number[]) {
  return at > 0 && gutters.some((x) => words[at]!.box.x > x && isGap(words, at, size, x));
}
