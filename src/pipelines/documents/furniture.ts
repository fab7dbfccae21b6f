import { bottom, type PageText, type TextLine } from "./page-text.ts";

/** Headers end above the first fraction of the page's height, footers start below the second. */
const EDGE_TOP = 0.1;
const EDGE_BOTTOM = 0.92;
/** A line at the edge is furniture if this fraction of pages shares it, ignoring numbers. */
const SHARED = 0.4;
const LEAST_PAGES = 2;
const PAGE_NUMBER =
  /^(?:page|p\.|쪽|페이지)?[-–—\s|·]*\d{1,4}(?:\s*(?:\/|of)\s*\d{1,4})?(?:\s*(?:쪽|페이지))?[-–—\s|·]*$/i;

/** Headers, footers and page numbers: text that repeats at page edges. */
export interface Furniture {
  has(line: TextLine, page: Pick<PageText, "height">): boolean;
}

/** Collects edge lines page by page, so that pages need not be in memory together. */
export function furnitureFinder(): { add(page: PageText): void; furniture(): Furniture } {
  const seen = new Map<string, number>();
  let pages = 0;
  return {
    add(page) {
      pages++;
      const keys = page.lines.filter((line) => isAtEdge(line, page)).map(keyOf);
      for (const key of new Set(keys)) seen.set(key, (seen.get(key) ?? 0) + 1);
    },
    furniture() {
      const least = Math.max(LEAST_PAGES, pages * SHARED);
      return {
        has: (line, page) =>
          isAtEdge(line, page) &&
          ((seen.get(keyOf(line)) ?? 0) >= least || PAGE_NUMBER.test(line.text.trim())),
      };
    },
  };
}

function isAtEdge({ box }: TextLine, { height }: Pick<PageText, "height">): boolean {
  return bottom(box) < height * EDGE_TOP || box.y > height * EDGE_BOTTOM;
}

function keyOf({ text }: TextLine): string {
  return text.replace(/\d+/g, "#").replace(/\s+/g, " ").trim();
}
