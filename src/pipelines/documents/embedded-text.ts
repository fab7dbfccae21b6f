import { pageLines } from "./page-lines.ts";
import type { PageText } from "./page-text.ts";
import type { Character } from "./pdf-characters.ts";
import type { PdfPage } from "./pdf-document.ts";

/** Maximum fraction of a page's characters without a known meaning. */
const MOST_UNKNOWN = 0.05;
/** An image that covers more than this fraction of a page with few characters is a scan. */
const SCAN_AREA = 0.5;
const FEW_CHARACTERS = 60;

/** A page's embedded text, and whether it is reliable. */
export interface EmbeddedText {
  text: PageText;
  /** Number of visible characters. */
  characters: number;
  /** Fraction of characters without a known meaning. */
  unknown: number;
  /** Why to use OCR instead. `null` if the text is reliable. */
  fault: "no_text" | "unknown_characters" | "scan" | null;
}

export function embeddedText(page: PdfPage): EmbeddedText {
  const characters = page.characters();
  const seen = characters.filter(({ isSpace }) => !isSpace);
  const unknown = seen.length === 0 ? 0 : seen.filter(({ text }) => text === "").length / seen.length;
  const lines = pageLines(characters, page);
  const text: PageText = {
    page: page.page,
    width: page.width,
    height: page.height,
    source: "embedded",
    confidence: lines.length === 0 ? 0 : 1,
    language: null,
    lines,
    toPdf: page.toPdf,
  };
  return { text, characters: seen.length, unknown, fault: faultOf(page, seen, unknown) };
}

function faultOf(page: PdfPage, seen: readonly Character[], unknown: number): EmbeddedText["fault"] {
  if (seen.length === 0) return "no_text";
  if (unknown > MOST_UNKNOWN) return "unknown_characters";
  if (seen.length < FEW_CHARACTERS && page.largestImage() > SCAN_AREA) return "scan";
  return null;
}
