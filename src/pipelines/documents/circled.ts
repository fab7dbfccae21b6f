import type { OcrLine } from "./ocr/engine.ts";
import { lineOf } from "./ocr/tsv.ts";
import { type Box, bottom, right, type TextWord } from "./page-text.ts";

const CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳";
/** Matches the beginning of a question, where the numbering of choices starts over at ①. */
const QUESTION = /^\s*(?:문제\s*\d|\[\s*\d|Q(?:uestion)?\s*\.?\s*\d|\d{1,3}\s*(?:[.)．）번]|\s\S))/i;
/** Maximum distance from a line's words, in ring heights. */
const REACH = 0.3;

/** A line whose circled numbers are not yet known. */
interface Marked {
  line: OcrLine;
  rings: Box[];
}

/**
 * Puts circled numbers back at their rings' positions, as words. Numbers them by order, starting over at ① after each
 * question number. Rings outside any line become separate lines.
 * @param regions lines by region, in reading order, in pixels of the page
 */
export function placeMarks(regions: readonly OcrLine[][], rings: readonly Box[], dpi: number): OcrLine[][] {
  const free = new Set(rings);
  const marked = regions.map((lines) => lines.map((line) => take(line, lines, free)));
  let next = 0;
  return marked.map((lines) =>
    lines.map(({ line, rings: own }) => {
      if (QUESTION.test(line.text) && !startsWithRing(line, own)) next = 0;
      if (own.length === 0) return line;
      const words: TextWord[] = [...line.words];
      for (const ring of own) {
        const text = CIRCLED[Math.min(next++, CIRCLED.length - 1)]!;
        words.push({ text, box: ring, confidence: 0.9 });
      }
      return lineOf(words.sort((a, b) => a.box.x - b.box.x));
    }),
  );

  function take(line: OcrLine, lines: readonly OcrLine[], open: Set<Box>): Marked {
    const region = {
      from: Math.min(...lines.map(({ box }) => box.x)),
      to: Math.max(...lines.map(({ box }) => right(box))),
    };
    const margin = (24 * dpi) / 72;
    const own = [...open].filter((ring) => {
      const middle = ring.y + ring.height / 2;
      const reach = REACH * ring.height;
      const isBeside = middle > line.box.y - reach && middle < bottom(line.box) + reach;
      return isBeside && ring.x > region.from - margin * 2 && right(ring) < region.to + margin;
    });
    for (const ring of own) open.delete(ring);
    return { line, rings: own.sort((a, b) => a.x - b.x) };
  }
}

function startsWithRing({ box }: OcrLine, [first]: readonly Box[]): boolean {
  return first !== undefined && first.x < box.x;
}
