import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import fontkit from "@cantoo/fontkit";
import { PDFDocument, type PDFFont } from "@cantoo/pdf-lib";
import type { Block, Exam } from "./exam.ts";
import { type Random, seeded } from "./random.ts";

const FONT = createRequire(import.meta.url).resolve(
  "@expo-google-fonts/gowun-dodum/400Regular/GowunDodum_400Regular.ttf",
);
const WIDTH = 595;
const HEIGHT = 842;
const MARGIN = 52;

interface Piece {
  page: number;
  text: string;
  x: number;
  /** From the top. */
  y: number;
  size: number;
}

/** Draws words and lines at explicit positions in random order, so that the order in the file says nothing. */
export async function drawPdf(exam: Exam): Promise<Buffer> {
  const random = seeded(exam.seed + 15_485_863);
  const document = await PDFDocument.create();
  document.registerFontkit(fontkit);
  const font = await document.embedFont(await readFile(FONT), { subset: true });
  const pieces = layOut(exam, font, random);
  const pages = Math.max(...pieces.map(({ page }) => page)) + 1;
  for (let page = 0; page < pages; page++) document.addPage([WIDTH, HEIGHT]);
  pieces.push(...edges(exam, pages, font));
  const byWord = random.chance(0.5);
  const drawn = byWord ? pieces.flatMap((piece) => wordsOf(piece, font)) : pieces;
  for (const { page, text, x, y, size } of random.shuffle(drawn)) {
    document.getPage(page).drawText(text, { x, y: HEIGHT - y, size, font });
  }
  return Buffer.from(await document.save());
}

function wordsOf(piece: Piece, font: PDFFont): Piece[] {
  let x = piece.x;
  return piece.text.split(" ").map((text) => {
    const word = { ...piece, text, x };
    x += font.widthOfTextAtSize(`${text} `, piece.size);
    return word;
  });
}

function edges(exam: Exam, pages: number, font: PDFFont): Piece[] {
  const pieces: Piece[] = [];
  const center = (page: number, text: string, y: number) => {
    pieces.push({ page, text, y, size: 8, x: (WIDTH - font.widthOfTextAtSize(text, 8)) / 2 });
  };
  for (let page = 0; page < pages; page++) {
    if (exam.header) center(page, exam.header, 34);
    const footers = { number: `${page + 1}`, dashes: `- ${page + 1} -`, of: `${page + 1} / ${pages}` };
    if (exam.footer) center(page, footers[exam.footer], HEIGHT - 28);
  }
  return pieces;
}

/** Fills one column after another. */
function layOut(exam: Exam, font: PDFFont, random: Random): Piece[] {
  const gutter = random.pick([20, 26, 34]);
  const width = exam.columns === 1 ? WIDTH - 2 * MARGIN : (WIDTH - 2 * MARGIN - gutter) / 2;
  const leading = random.pick([1.4, 1.55, 1.7]);
  const hanging = random.chance(0.5);
  const pieces: Piece[] = [];
  let [page, column, y, top] = [0, 0, MARGIN + 10, MARGIN + 10];
  const place = (text: string, indent: number, size: number) => {
    pieces.push({ page, text, size, y: y + size, x: MARGIN + column * (width + gutter) + indent });
  };
  const advance = (height: number) => {
    y += height;
    if (y + 30 < HEIGHT - MARGIN) return;
    column++;
    if (column === exam.columns) [column, page, top] = [0, page + 1, MARGIN + 10];
    y = top;
  };
  const paragraph = (text: string, size: number, first: number, rest: number) => {
    for (const [index, line] of wrap(text, font, size, width - rest).entries()) {
      place(line, index === 0 ? first : rest, size);
      advance(size * leading);
    }
  };
  for (const block of exam.blocks) {
    if (block.kind === "title") {
      const size = exam.size * 1.6;
      pieces.push({
        page,
        text: block.text,
        size,
        y: y + size,
        x: (WIDTH - font.widthOfTextAtSize(block.text, size)) / 2,
      });
      y += size * 2;
      top = y;
    } else if (block.kind === "question") {
      const indent = hanging ? exam.size * 2 : 0;
      paragraph(`${block.mark} ${block.text}`, exam.size, 0, indent);
      for (const line of block.box) paragraph(line, exam.size, indent + 6, indent + 6);
      placeChoices(block, {
        width,
        size: exam.size,
        inset: random.pick([8, 14, 20]),
        font,
        place,
        advance,
        leading,
      });
      advance(block.space);
    } else if (block.kind === "answer-table") {
      for (const row of [block.numbers, block.answers]) {
        for (const [index, cell] of row.entries()) place(cell, (index * width) / 10, exam.size);
        advance(exam.size * leading);
      }
      advance(8);
    } else {
      const isHeading = block.kind === "heading" || block.kind === "answers";
      if (isHeading) advance(10);
      paragraph(block.text, exam.size * (isHeading ? 1.25 : 1), 0, 0);
      advance(6);
    }
  }
  return pieces;
}

interface Setting {
  width: number;
  size: number;
  inset: number;
  leading: number;
  font: PDFFont;
  place(text: string, indent: number, size: number): void;
  advance(height: number): void;
}

function placeChoices({ choices, layout }: Block & { kind: "question" }, setting: Setting): void {
  const { width, size, inset, font, place, advance, leading } = setting;
  const perLine = { lines: 1, grid: 2, row: 5 }[layout];
  for (let at = 0; at < choices.length; at += perLine) {
    const row = choices.slice(at, at + perLine);
    if (perLine === 1) {
      for (const [index, line] of wrap(row[0]!, font, size, width - inset - size).entries()) {
        place(line, index === 0 ? inset : inset + size, size);
        advance(size * leading);
      }
      continue;
    }
    for (const [index, choice] of row.entries())
      place(choice, inset + (index * (width - inset)) / perLine, size);
    advance(size * leading);
  }
}

function wrap(text: string, font: PDFFont, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && font.widthOfTextAtSize(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
