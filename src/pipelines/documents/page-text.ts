/** In points (1/72 inch) from the top left corner of the page as displayed, with rotation applied. */
export type Box = { x: number; y: number; width: number; height: number };

/** PDF matrix [a, b, c, d, e, f]: x' = a·x + c·y + e, y' = b·x + d·y + f. */
export type Matrix = [number, number, number, number, number, number];

export type TextWord = {
  text: string;
  box: Box;
  /** 0 to 1. Embedded text has 1. */
  confidence: number;
};

export type TextLine = {
  /** The words, separated by single spaces. */
  text: string;
  box: Box;
  /** In points from the top of the page. */
  baseline: number;
  /** Font size in points. Estimated from the line's height for OCR. */
  size: number;
  confidence: number;
  words: TextWord[];
  /** Index of the block, which is a column or region. In reading order. */
  block: number;
  /** Left edge of the block's unindented lines, in points from the left of the page. */
  blockLeft: number;
};

/** A page with its lines in reading order. Plain JSON, so that steps can return it. */
export type PageText = {
  /** 1-based. */
  page: number;
  /** Size in points, as displayed. */
  width: number;
  height: number;
  /** Whether the text comes from the file or from OCR. */
  source: "embedded" | "ocr";
  /** 0 to 1, weighted by word length. 1 for embedded text, 0 for an empty page. */
  confidence: number;
  /** Language used for OCR, such as `kor`. `null` for embedded text. */
  language: string | null;
  lines: TextLine[];
  /** Converts points of the page to PDF coordinates. `null` if the page is an image file. */
  toPdf: Matrix | null;
};

/** Full text of a page, with an empty line between blocks. */
export function textOf(lines: readonly TextLine[]): string {
  let text = "";
  for (const [index, line] of lines.entries()) {
    const before = lines[index - 1];
    if (before) text += before.block === line.block ? "\n" : "\n\n";
    text += line.text;
  }
  return text;
}

export function right({ x, width }: Box): number {
  return x + width;
}

export function bottom({ y, height }: Box): number {
  return y + height;
}

/** The bounding box of all boxes. */
export function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map(right)) - x,
    height: Math.max(...boxes.map(bottom)) - y,
  };
}

export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Rounds to a hundredth, which is precise enough and shrinks the JSON to a third. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export function roundedBox({ x, y, width, height }: Box): Box {
  return { x: rounded(x), y: rounded(y), width: rounded(width), height: rounded(height) };
}
