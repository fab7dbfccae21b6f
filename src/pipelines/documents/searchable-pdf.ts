import { PDFDocument } from "@cantoo/pdf-lib";
import { invisibleText, type LaidLine } from "./invisible-text.ts";
import type { Matrix } from "./page-text.ts";
import { openPdf } from "./pdf-document.ts";

/** OCR text of one page. */
export interface LaidPage {
  /** 1-based. */
  page: number;
  lines: readonly LaidLine[];
  toPdf: Matrix;
}

/** Lays invisible text over a PDF's scanned pages. Everything else stays as it is. */
export async function overlayPdf(original: Uint8Array, pages: readonly LaidPage[]): Promise<Uint8Array> {
  const document = await loadForEditing(original);
  const text = invisibleText(document);
  for (const { page, lines, toPdf } of pages) text.lay(document.getPage(page - 1), lines, toPdf);
  text.finish();
  return document.save({ useObjectStreams: true });
}

/** Rewrites a PDF first if it has passwordless encryption or a broken cross-reference table. */
async function loadForEditing(original: Uint8Array): Promise<PDFDocument> {
  const options = { updateMetadata: false, throwOnInvalidObject: true };
  try {
    return await PDFDocument.load(original, options);
  } catch {
    const repaired = await openPdf(original);
    try {
      return await PDFDocument.load(repaired.save(), options);
    } finally {
      repaired.close();
    }
  }
}

/** An image as one page of a PDF. */
export interface PicturePage {
  /** JPEG. */
  picture: Uint8Array;
  /** Size in points. */
  width: number;
  height: number;
  lines: readonly LaidLine[];
}

/** A PDF of images with invisible text. */
export async function picturesPdf(pages: AsyncIterable<PicturePage>): Promise<Uint8Array> {
  const document = await PDFDocument.create();
  const text = invisibleText(document);
  for await (const { picture, width, height, lines } of pages) {
    const page = document.addPage([width, height]);
    page.drawImage(await document.embedJpg(picture), { x: 0, y: 0, width, height });
    text.lay(page, lines, [1, 0, 0, -1, 0, height]);
  }
  text.finish();
  return document.save();
}
