import { around, type Box, type TextWord } from "../page-text.ts";
import type { OcrLine } from "./engine.ts";

/** Merges tesseract's TSV, which has boxes, with its text output, which has the right spaces. One list per page. */
export function linesOfTesseract(tsv: string, text: string, pages: number): OcrLine[][] {
  const texts = text.split("\f");
  const tables = tablesOf(tsv, pages);
  return tables.map((lines, page) => {
    const spaced = (texts[page] ?? "").split("\n").filter((line) => line.trim() !== "");
    let next = 0;
    return lines.map((words) => {
      const bare = withoutSpaces(words.map((word) => word.text).join(""));
      const at = spaced.findIndex((line, index) => {
        return index >= next && index < next + LOOK_AHEAD && withoutSpaces(line) === bare;
      });
      if (at < 0) return lineOf(words);
      next = at + 1;
      return lineOf(respaced(words, spaced[at]!));
    });
  });
}

/** How many lines of the text output may be missing from the TSV. */
const LOOK_AHEAD = 4;
const WORD = "5";
const COLUMNS = 12;

/** Words by page and line. */
function tablesOf(tsv: string, pages: number): TextWord[][][] {
  const tables: TextWord[][][] = Array.from({ length: pages }, () => []);
  let line = "";
  for (const row of tsv.split("\n")) {
    const cells = row.split("\t");
    if (cells[0] !== WORD || cells.length < COLUMNS || cells[11]!.trim() === "") continue;
    const table = tables[Number(cells[1]) - 1];
    const [x, y, width, height, confidence] = cells.slice(6, 11).map(Number) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const word = {
      text: cells[11]!.trim(),
      box: { x, y, width, height },
      confidence: Math.min(1, Math.max(0, confidence / 100)),
    };
    const own = cells.slice(1, 5).join();
    const last = own === line ? table?.at(-1) : undefined;
    if (last) last.push(word);
    else table?.push([word]);
    line = own;
  }
  return tables;
}

interface Letter {
  text: string;
  box: Box;
  confidence: number;
}

/** The same letters, with the spaces of `spaced`. */
function respaced(words: readonly TextWord[], spaced: string): TextWord[] {
  const letters = words.flatMap(lettersOf);
  let at = 0;
  return spaced
    .trim()
    .split(/\s+/)
    .map((text) => {
      const own = letters.slice(at, at + [...text].length);
      at += own.length;
      return {
        text,
        box: around(own.map(({ box }) => box)),
        confidence: own.reduce((sum, { confidence }) => sum + confidence, 0) / own.length,
      };
    });
}

function lettersOf({ text, box, confidence }: TextWord): Letter[] {
  const letters = [...withoutSpaces(text)];
  const width = box.width / letters.length;
  return letters.map((letter, index) => ({
    text: letter,
    box: { ...box, x: box.x + index * width, width },
    confidence,
  }));
}

export function lineOf(words: TextWord[]): OcrLine {
  const box = around(words.map((word) => word.box));
  return { words, box, text: words.map(({ text }) => text).join(" ") };
}

function withoutSpaces(text: string): string {
  return text.replace(/\s+/g, "");
}
