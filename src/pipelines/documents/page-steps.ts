import type { Artifact, EachContext, StepContext } from "../../pipeline/context.ts";
import { PermanentError } from "../../pipeline/control.ts";
import type { PartContext } from "../../pipeline/parts.ts";
import type { SplitOptions, StepOptions } from "../../pipeline/step.ts";
import { inputMediaTypes } from "../pictures/formats.ts";
import { STEP_MEMORY_MIB } from "../step-memory.ts";
import { type EmbeddedText, embeddedText } from "./embedded-text.ts";
import { chooseEngine, type EngineChoice } from "./ocr/choose.ts";
import type { PageOptions } from "./page-options.ts";
import { type PageText, rounded } from "./page-text.ts";
import { MAX_PAGES, openPdf, type PdfDocument, type PdfPage } from "./pdf-document.ts";
import { openPictures, picturePage } from "./picture-pages.ts";
import type { Raster } from "./raster.ts";
import { readRaster } from "./read-raster.ts";

const MIB = 1024 * 1024;
const READING_DPI = 300;
/**
 * Memory limit per page in MiB: PDFium with the file, the largest raster, and an OCR engine. The limits of all running
 * steps share a total, so a lower limit lets more pages be read at once.
 */
const READING_MIB = 1_280;
/** Memory for PDFium, font tables and an engine. */
const FIXED_BYTES = 320 * MIB;
/** Copies of a page's pixels held while it is read. */
const RASTER_COPIES = 8;

/** Accepted file types. */
export const documentMediaTypes = [
  "application/pdf",
  ...inputMediaTypes.filter((type) => !/svg|icon/.test(type)),
];

/** One page of an item, as a part. Pages are 1-based. */
export type PagePart = { data: { page: number }; files: Artifact[]; name: string };

export interface PageSettings {
  /** @default "auto" */
  ocr?: EngineChoice;
}

/** Splits a document into pages. For `split`. */
export async function splitPages(context: EachContext<PageOptions, null, null>): Promise<PagePart[]> {
  const { file } = context;
  const pages = isPdf(file) ? await countPdf(context, file) : await countPictures(context, file);
  return Array.from({ length: pages }, (_, index) => ({
    data: { page: index + 1 },
    files: [file],
    name: `${index + 1}`,
  }));
}

export const splitOptions: SplitOptions = {
  maxParts: MAX_PAGES,
  timeoutMs: 120_000,
  concurrency: 1,
  isolate: { memoryMiB: STEP_MEMORY_MIB },
};

/** Options of the `each` step after the split: one process per page, which uses one core. */
export const readOptions: StepOptions = {
  timeoutMs: 90_000,
  attempts: 2,
  concurrency: 1,
  isolate: { memoryMiB: READING_MIB },
};

/** Reads a page: its embedded text if that is reliable, or else with OCR. For `each` after `splitPages`. */
export function pageReader({ ocr = "auto" }: PageSettings = {}) {
  return async (context: PartContext<PageOptions, { page: number }, null>): Promise<PageText> => {
    const [file] = context.part.files;
    if (!file) throw new Error("The page has no file.");
    return isPdf(file) ? readPdfPage(context, file, ocr) : readPicturePage(context, file, ocr);
  };
}

type PageContext = PartContext<PageOptions, { page: number }, null>;

async function readPdfPage(context: PageContext, file: Artifact, ocr: EngineChoice): Promise<PageText> {
  const { options, part } = context;
  const document = await openOnce(context, file);
  await context.reserveMemory(file.bytes + FIXED_BYTES);
  const found = withPage(document, part.data.page, (page) => {
    const text = options.text === "ocr" ? null : embedded(page, options);
    const needsOcr = !text || (options.text === "auto" && text.fault !== null);
    return { text: text?.text ?? bare(page), raster: needsOcr ? page.render(READING_DPI) : null };
  });
  if (!found.raster) return found.text;
  return { ...found.text, ...(await read(context, found.raster, file, ocr)) };
}

/** Accepts unreliable text with a warning when OCR is off. */
function embedded(page: PdfPage, { text }: PageOptions): EmbeddedText {
  const found = embeddedText(page);
  if (text === "embedded" && found.fault === "unknown_characters") {
    throw new PermanentError(
      "unreadable_text",
      `${Math.round(found.unknown * 100)}% of the characters on page ${page.page} cannot be decoded. To read the page by OCR, set text to "auto".`,
    );
  }
  return found;
}

function bare({ page, width, height, toPdf }: PdfPage): PageText {
  return { page, width, height, source: "embedded", confidence: 0, language: null, lines: [], toPdf };
}

async function readPicturePage(context: PageContext, file: Artifact, ocr: EngineChoice): Promise<PageText> {
  const { page } = context.part.data;
  if (context.options.text === "embedded") {
    throw new PermanentError("no_embedded_text", 'A picture has no embedded text. Set text to "auto".');
  }
  const first = await openPictures(await context.read(file), (bytes) =>
    context.reserveMemory(bytes + FIXED_BYTES),
  );
  const picture = page === 1 ? first : await first.readPage(first.pages[page - 1] ?? 0);
  const { raster, width, height } = await picturePage(picture);
  for (const { code, message } of picture.warnings) context.warn(code, message);
  const size = { width: rounded(width), height: rounded(height) };
  return { page, ...size, ...(await read(context, raster, file, ocr)), toPdf: null };
}

async function read(context: PageContext, raster: Raster, file: Artifact, ocr: EngineChoice) {
  const { languages } = context.options;
  const engine = await chooseEngine(ocr, languages);
  await context.reserveMemory(file.bytes + FIXED_BYTES + raster.data.length * RASTER_COPIES);
  const { signal } = context;
  const text = await readRaster(raster, { engine, languages, document: file.sha256, signal });
  return { source: "ocr" as const, ...text };
}

/** Closes the document when a page fails, because PDFium's state is then no longer trustworthy. */
function withPage<T>(document: PdfDocument, number: number, read: (page: PdfPage) => T): T {
  try {
    return document.withPage(number, read);
  } catch (error) {
    last = undefined;
    try {
      document.close();
    } catch {
      // PDFium itself failed. It is replaced, and its memory goes with it.
    }
    throw error;
  }
}

/** Cached because the next page that this process reads is often from the same document. */
let last: { sha256: string; document: PdfDocument } | undefined;

async function openOnce(context: StepContext<unknown>, file: Artifact): Promise<PdfDocument> {
  if (last?.sha256 === file.sha256) return last.document;
  last?.document.close();
  last = undefined;
  await context.reserveMemory(2 * file.bytes + FIXED_BYTES);
  const document = await openPdf(await context.read(file));
  last = { sha256: file.sha256, document };
  return document;
}

async function countPdf(context: StepContext<unknown>, file: Artifact): Promise<number> {
  await context.reserveMemory(2 * file.bytes + FIXED_BYTES);
  const document = await openPdf(await context.read(file));
  const { pages } = document;
  document.close();
  return pages;
}

async function countPictures(context: StepContext<unknown>, file: Artifact): Promise<number> {
  const picture = await openPictures(await context.read(file), (bytes) => context.reserveMemory(bytes));
  return picture.pages.length;
}

export function isPdf({ mediaType }: Pick<Artifact, "mediaType">): boolean {
  return mediaType === "application/pdf";
}
