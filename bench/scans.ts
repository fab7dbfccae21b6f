import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PDFDocument } from "@cantoo/pdf-lib";
import {
  pdfOfScans,
  printed,
  scanned,
  type TestPage,
  workbookPage,
} from "../src/pipelines/documents/test-documents.ts";

/** Resolution and condition of the scans: skewed and noisy. */
const SCAN = { dpi: 200, degrees: 0.5, noise: 25 };

export interface ScannedPage extends TestPage {
  /** Its text in reading order. */
  text: string;
  /** Path of a JPEG, as a scanner would produce. */
  path: string;
}

export interface Scans {
  pages: ScannedPage[];
  /** All pages in one PDF of images. */
  pdf: Buffer;
  /** The same pages as text. */
  textPdf: Buffer;
}

const kinds: TestPage[] = [
  { language: "kor", columns: 2 },
  { language: "eng", columns: 2 },
  { language: "kor", columns: 1 },
  { language: "eng", columns: 1 },
];

/** Scanned workbook pages in Korean and English, with one and two columns, rendered by a browser. */
export async function scans(folder: string, count: number): Promise<Scans> {
  await mkdir(folder, { recursive: true });
  const pages: ScannedPage[] = [];
  const pictures: Buffer[] = [];
  const whole = await PDFDocument.create();
  for (let index = 0; index < count; index++) {
    const kind = kinds[index % kinds.length]!;
    // One sheet per page: the page's text also leaves out what would overflow.
    const { html, text } = workbookPage(kind, Math.floor(index / kinds.length));
    const pdf = await printed(html.replace("10.5pt/1.55", "10pt/1.4"));
    const [sheet] = await whole.copyPages(await PDFDocument.load(pdf), [0]);
    whole.addPage(sheet);
    const [picture] = await scanned(pdf, SCAN);
    const path = join(folder, `scan-${index}.jpg`);
    await writeFile(path, picture!);
    pictures.push(await readFile(path));
    pages.push({ ...kind, text, path });
  }
  return { pages, pdf: await pdfOfScans(pictures, SCAN.dpi), textPdf: Buffer.from(await whole.save()) };
}
