import { PermanentError } from "../../pipeline/control.ts";
import type { Box, Matrix } from "./page-text.ts";
import type { Pdfium } from "./pdfium.ts";

/** No page made for people has more characters. */
const MAX_CHARACTERS = 100_000;

/** One visible character of a page. */
export interface Character {
  /** Its text: one character, or several for a ligature. "" if the font does not say. */
  text: string;
  /** Its advance width by the font's height. */
  box: Box;
  /** Its origin, in points from the left and top of the page. */
  start: number;
  baseline: number;
  /** Font size in points, as displayed. */
  size: number;
  /** Clockwise rotation in degrees, 0 to 359. */
  angle: number;
  /** A space that the file contains, placed between its neighbors. */
  isSpace: boolean;
}

/** Rotations below this count as upright. */
const UPRIGHT_DEGREES = 8;

/** Reads the characters of an open PDFium page, without the spaces that PDFium guesses. */
export function readCharacters(pdfium: Pdfium, page: number, fromPdf: Matrix): Character[] {
  const { lib } = pdfium;
  const text = lib.FPDFText_LoadPage(page);
  if (text === 0) return [];
  const buffer = pdfium.allocate(64);
  try {
    const count = lib.FPDFText_CountChars(text);
    if (count > MAX_CHARACTERS) throw tooMuchText(count);
    const characters: Character[] = [];
    for (let index = 0; index < count; index++) {
      if (lib.FPDFText_IsGenerated(text, index) === 1) continue;
      const character = readCharacter(pdfium, { text, index, buffer }, fromPdf);
      if (character) characters.push(character);
    }
    return characters;
  } finally {
    pdfium.free(buffer);
    lib.FPDFText_ClosePage(text);
  }
}

interface Place {
  text: number;
  index: number;
  /** 64 bytes for PDFium's output. */
  buffer: number;
}

function readCharacter({ lib, view }: Pdfium, place: Place, fromPdf: Matrix): Character | null {
  const { text, index, buffer } = place;
  const code = lib.FPDFText_GetUnicode(text, index);
  const found = textOfCode(code);
  if (found === null) return null;
  const unmapped = lib.FPDFText_HasUnicodeMapError(text, index) === 1;
  if (!lib.FPDFText_GetLooseCharBox(text, index, buffer)) return null;
  const loose = view();
  const [left, top, rightEdge, low] = [0, 4, 8, 12].map((at) => loose.getFloat32(buffer + at, true));
  lib.FPDFText_GetCharOrigin(text, index, buffer, buffer + 8);
  const origin = view();
  const [ox, oy] = [origin.getFloat64(buffer, true), origin.getFloat64(buffer + 8, true)];
  let [scale, angle] = [1, 0];
  if (lib.FPDFText_GetMatrix(text, index, buffer)) {
    const matrix = view();
    const [a, b, c, d] = [0, 4, 8, 12].map((at) => matrix.getFloat32(buffer + at, true));
    scale = Math.hypot(c!, d!) || Math.hypot(a!, b!) || 1;
    angle = angleOf(a!, b!, fromPdf);
  }
  const size = lib.FPDFText_GetFontSize(text, index) * scale * Math.hypot(fromPdf[2], fromPdf[3]);
  const box = boxAround(fromPdf, [left!, low!, rightEdge!, top!]);
  const [start, baseline] = moved(fromPdf, ox, oy);
  const isSpace = found === " ";
  if (![box.x, box.y, box.width, box.height, start, baseline, size].every(Number.isFinite)) return null;
  return { text: unmapped ? "" : found, box, start, baseline, size: size || box.height, angle, isSpace };
}

function angleOf(a: number, b: number, fromPdf: Matrix): number {
  const x = fromPdf[0] * a + fromPdf[2] * b;
  const y = fromPdf[1] * a + fromPdf[3] * b;
  const degrees = (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 360) % 360;
  return degrees <= UPRIGHT_DEGREES || degrees >= 360 - UPRIGHT_DEGREES ? 0 : degrees;
}

/** Text of a character code: "" if its meaning is unknown, `null` if it is invisible. */
function textOfCode(code: number): string | null {
  // 2 is PDFium's code for a hyphen at the end of a line.
  if (code === 2 || code === 0xad) return "-";
  if (code === 9 || code === 0x20 || code === 0xa0 || code === 0x3000) return " ";
  if (code >= 0x2000 && code <= 0x200a) return " ";
  if (code === 10 || code === 13 || (code >= 0x200b && code <= 0x200f) || code === 0xfeff) return null;
  if (isUnknown(code)) return "";
  const text = String.fromCodePoint(code);
  // Only expand ligatures: NFKC would also change circled numbers.
  return code >= 0xfb00 && code <= 0xfb06 ? text.normalize("NFKC") : text;
}

/** Control characters, private use, lone surrogates, and replacement characters that converters write. */
function isUnknown(code: number): boolean {
  return (
    code < 0x20 ||
    (code >= 0x7f && code < 0xa0) ||
    (code >= 0xe000 && code <= 0xf8ff) ||
    (code >= 0xd800 && code <= 0xdfff) ||
    code === 0xfffd ||
    code >= 0xf0000
  );
}

export function moved([a, b, c, d, e, f]: Matrix, x: number, y: number): [number, number] {
  return [a * x + c * y + e, b * x + d * y + f];
}

/** @param corners left, bottom, right and top in PDF coordinates */
export function boxAround(matrix: Matrix, [left, low, rightEdge, top]: readonly number[]): Box {
  const corners = [moved(matrix, left!, low!), moved(matrix, rightEdge!, top!)] as const;
  const [x1, x2] = [corners[0][0], corners[1][0]];
  const [y1, y2] = [corners[0][1], corners[1][1]];
  return { x: Math.min(x1, x2), y: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) };
}

function tooMuchText(count: number): PermanentError {
  return new PermanentError(
    "too_much_text",
    `The page has ${count.toLocaleString("en-US")} characters. The limit is ${MAX_CHARACTERS.toLocaleString("en-US")}.`,
  );
}
