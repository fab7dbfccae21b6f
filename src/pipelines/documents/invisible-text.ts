import {
  type PDFDocument,
  PDFHexString,
  PDFName,
  PDFNumber,
  PDFOperator,
  PDFOperatorNames,
  type PDFPage,
  type PDFRef,
  PDFString,
} from "@cantoo/pdf-lib";
import { glyphlessFont } from "./glyphless-font.ts";
import type { Box, Matrix } from "./page-text.ts";

/** A line of text to lay over a page. */
export interface LaidLine {
  text: string;
  box: Box;
  baseline: number;
  size: number;
}

const INVISIBLE = 3;
const FONT_NAME = "MillraceText";
/** Character widths in thousandths of an em. */
const WIDE = 1_000;
const NARROW = 500;
const MOST_CODES = 65_535;

/** Writes text that can be selected and searched but not seen. One run per line makes readers keep its spaces. */
export interface InvisibleText {
  /** @param toPdf converts points of the visible page, from its top, to PDF coordinates */
  lay(page: PDFPage, lines: readonly LaidLine[], toPdf: Matrix): void;
  /** Writes the font. Call it after laying all lines. */
  finish(): void;
}

export function invisibleText(document: PDFDocument): InvisibleText {
  const { context } = document;
  const codes = new Map<string, number>();
  let reference: PDFRef | undefined;

  const encode = (text: string): string => {
    let hex = "";
    for (const character of text) {
      let code = codes.get(character);
      if (code === undefined) {
        if (codes.size === MOST_CODES) continue;
        code = codes.size + 1;
        codes.set(character, code);
      }
      hex += code.toString(16).padStart(4, "0");
    }
    return hex;
  };

  return {
    lay(page, lines, toPdf) {
      if (lines.length === 0) return;
      reference ??= context.nextRef();
      page.node.setFontDictionary(PDFName.of(FONT_NAME), reference);
      page.pushOperators(...operators(lines, toPdf, encode));
    },
    finish() {
      if (reference) writeFont(document, reference, [...codes.keys()]);
    },
  };
}

function operators(
  lines: readonly LaidLine[],
  toPdf: Matrix,
  encode: (text: string) => string,
): PDFOperator[] {
  const numbers = (...values: number[]) => values.map((value) => PDFNumber.of(Number(value.toFixed(4))));
  const list = [
    PDFOperator.of(PDFOperatorNames.BeginText),
    PDFOperator.of(PDFOperatorNames.SetTextRenderingMode, numbers(INVISIBLE)),
  ];
  const [a, b, c, d, e, f] = toPdf;
  for (const { text, box, baseline, size } of lines) {
    const ems = [...text].reduce((sum, character) => sum + widthOf(character), 0) / 1_000;
    const height = Math.max(1, size);
    if (ems === 0 || box.width <= 0) continue;
    const [x, y] = [a * box.x + c * baseline + e, b * box.x + d * baseline + f];
    list.push(
      PDFOperator.of(PDFOperatorNames.SetFontAndSize, [PDFName.of(FONT_NAME), ...numbers(height)]),
      PDFOperator.of(PDFOperatorNames.SetTextHorizontalScaling, numbers((100 * box.width) / (ems * height))),
      PDFOperator.of(PDFOperatorNames.SetTextMatrix, numbers(a, b, -c, -d, x, y)),
      PDFOperator.of(PDFOperatorNames.ShowText, [PDFHexString.of(encode(text))]),
    );
  }
  list.push(PDFOperator.of(PDFOperatorNames.EndText));
  return list;
}

const WIDE_SCRIPT =
  /[\u1100-\u11ff\u2460-\u24ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uff60]/;

function widthOf(character: string): number {
  return WIDE_SCRIPT.test(character) || character.length > 1 ? WIDE : NARROW;
}

function writeFont(document: PDFDocument, reference: PDFRef, characters: readonly string[]): void {
  const { context } = document;
  const program = glyphlessFont();
  const file = context.register(context.flateStream(program, { Length1: program.length }));
  const descriptor = context.register(
    context.obj({
      Type: "FontDescriptor",
      FontName: FONT_NAME,
      Flags: 4,
      FontBBox: [0, -120, 1000, 880],
      ItalicAngle: 0,
      Ascent: 880,
      Descent: -120,
      CapHeight: 700,
      StemV: 80,
      FontFile2: file,
    }),
  );
  // Every code maps to the empty glyph.
  const glyphs = Buffer.alloc(2 * (characters.length + 1));
  for (let code = 1; code <= characters.length; code++) glyphs.writeUInt16BE(1, 2 * code);
  const descendant = context.register(
    context.obj({
      Type: "Font",
      Subtype: "CIDFontType2",
      BaseFont: FONT_NAME,
      CIDSystemInfo: { Registry: PDFString.of("Adobe"), Ordering: PDFString.of("Identity"), Supplement: 0 },
      FontDescriptor: descriptor,
      DW: NARROW,
      W: [1, characters.map(widthOf)],
      CIDToGIDMap: context.register(context.flateStream(glyphs)),
    }),
  );
  context.assign(
    reference,
    context.obj({
      Type: "Font",
      Subtype: "Type0",
      BaseFont: FONT_NAME,
      Encoding: "Identity-H",
      DescendantFonts: [descendant],
      ToUnicode: context.register(context.flateStream(toUnicode(characters))),
    }),
  );
}

/** Maximum entries per block of a CMap. */
const CMAP_BLOCK = 100;

function toUnicode(characters: readonly string[]): string {
  const entries = characters.map((character, index) => {
    const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
    return `<${hex4(index + 1)}> <${units.map(hex4).join("")}>`;
  });
  const blocks: string[] = [];
  for (let at = 0; at < entries.length; at += CMAP_BLOCK) {
    const block = entries.slice(at, at + CMAP_BLOCK);
    blocks.push(`${block.length} beginbfchar\n${block.join("\n")}\nendbfchar`);
  }
  return [
    "/CIDInit /ProcSet findresource begin",
    "12 dict begin",
    "begincmap",
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
    "/CMapName /Adobe-Identity-UCS def",
    "/CMapType 2 def",
    "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange",
    ...blocks,
    "endcmap",
    "CMapName currentdict /CMap defineresource pop",
    "end",
    "end",
  ].join("\n");
}

function hex4(value: number): string {
  return value.toString(16).padStart(4, "0");
}
