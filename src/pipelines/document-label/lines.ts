import { furnitureFinder } from "../documents/furniture.ts";
import {
  around,
  type Box,
  median,
  type PageText,
  right,
  type TextLine,
  type TextWord,
} from "../documents/page-text.ts";
import { orderLines } from "../documents/reading-order.ts";
import { isAtGutter, narrowGutters } from "./gutters.ts";

/** A line of one column, in reading order. Lengths are in points from the top left corner of the page. */
export interface Line {
  /** Words separated by one space, or three at a wide gap. */
  text: string;
  /** 1-based. */
  page: number;
  /** Shared by lines of one column on one page. */
  column: string;
  box: Box;
  left: number;
  top: number;
  bottom: number;
  /** Left edge of the column's unindented lines. */
  columnLeft: number;
  size: number;
  /** OCR confidence, 0 to 1. 1 for embedded text. */
  confidence: number;
  /** Whether OCR read it. */
  isRead: boolean;
}

/** Gaps in font sizes: one that splits a line, and one that is wider than a space. */
const PART_GAP = 1.9;
const WIDE_GAP = 1.1;

/** Lines of a document, without headers, footers and page numbers, which would hide the gutter between columns. */
export function documentLines(pages: readonly PageText[]): Line[] {
  const finder = furnitureFinder();
  for (const page of pages) finder.add(page);
  const furniture = finder.furniture();
  const pagesWith = new Map<string, number>();
  for (const text of pages.flatMap(({ lines }) => [...new Set(lines.map((line) => line.text))])) {
    pagesWith.set(text, (pagesWith.get(text) ?? 0) + 1);
  }
  const inOrder = pages.map((page) => {
    const isOwn = (line: TextLine) => CONTENT.test(line.text) && pagesWith.get(line.text) === 1;
    const kept = page.lines.filter((line) => {
      return isOwn(line) || !(furniture.has(line, page) || isSmudge(line, page));
    });
    return ordered({ ...page, lines: kept });
  });
  const gutter = usualGutter(inOrder);
  return inOrder.flatMap((lines, index) => {
    const page = pages[index]!;
    return (gutter === null ? lines : dividedAt(lines, gutter, page)).map((line) => lineOf(line, page));
  });
}

/** Choices and questions at the top of pages, which look alike except for numbers, but are not headers. */
const CONTENT = /^\s*(?:[①-⑳]|[(（]?[A-Ea-e1-9]\d?[.)）]|Q\d)\s*\S/;

/** Below this confidence, OCR text at a page's edge is a misread page number or dirt. */
const SMUDGE = 0.35;
const EDGE = 0.08;

function isSmudge({ box, confidence }: TextLine, { source, height }: PageText): boolean {
  const isAtEdge = box.y + box.height < height * EDGE || box.y > height * (1 - EDGE);
  return source === "ocr" && isAtEdge && confidence < SMUDGE;
}

/** OCR already reads column by column, so only embedded text is reordered. */
function ordered(page: PageText): readonly TextLine[] {
  if (page.source === "ocr") return page.lines;
  const gutters = narrowGutters(page);
  return orderLines(
    page.lines.flatMap((line) => partsOf(line, gutters)),
    page,
  );
}

/** Position of the gutter on most two-column pages. */
function usualGutter(pages: readonly (readonly TextLine[])[]): number | null {
  const middles = pages.flatMap((lines) => {
    const blocks = [...Map.groupBy(lines, ({ block }) => block).values()].map((own) =>
      around(own.map(({ box }) => box)),
    );
    for (const [index, left] of blocks.entries()) {
      const beside = blocks.find((other, at) => at > index && other.x >= right(left) && overlap(left, other));
      if (beside) return [(right(left) + beside.x) / 2];
    }
    return [];
  });
  return middles.length * 2 >= pages.length ? median(middles) : null;
}

function overlap(a: Box, b: Box): boolean {
  return a.y < b.y + b.height && b.y < a.y + a.height;
}

/** The last page may be too short to show its columns, so it uses the gutter of the other pages. */
function dividedAt(lines: readonly TextLine[], x: number, page: PageText): readonly TextLine[] {
  if (page.source === "ocr" || new Set(lines.map(({ block }) => block)).size > 1) return lines;
  const parts = lines.flatMap((line) => partsOf(line, [x]));
  const sides = [parts.filter(({ box }) => right(box) <= x), parts.filter(({ box }) => box.x >= x)];
  if (sides.some((side) => side.length === 0) || sides[0]!.length + sides[1]!.length < parts.length)
    return lines;
  return sides.flatMap((side, block) => orderLines(side, page).map((line) => ({ ...line, block })));
}

function partsOf({ words, baseline, size }: TextLine, gutters: readonly number[]) {
  const parts: TextWord[][] = [];
  for (const [at, word] of words.entries()) {
    const last = parts.at(-1)?.at(-1);
    const isApart = last && word.box.x - right(last.box) > PART_GAP * size;
    if (!last || isApart || isAtGutter(words, at, size, gutters)) parts.push([word]);
    else parts.at(-1)!.push(word);
  }
  return parts.map((own) => ({ words: own, baseline, size, box: around(own.map(({ box }) => box)) }));
}

function lineOf(line: TextLine, { page, source }: PageText): Line {
  const { box, size, confidence, block, blockLeft } = line;
  return {
    text: spacedText(line),
    page,
    column: `${page}/${block}`,
    box,
    left: box.x,
    top: box.y,
    bottom: box.y + box.height,
    columnLeft: blockLeft,
    size: size || 10,
    confidence,
    isRead: source === "ocr",
  };
}

function spacedText({ words, size, text }: TextLine): string {
  if (words.length === 0) return text;
  let found = "";
  for (const [index, word] of words.entries()) {
    const before = words[index - 1];
    if (before) found += word.box.x - right(before.box) > WIDE_GAP * size ? "   " : " ";
    found += word.text;
  }
  return found;
}
