import { PermanentError } from "../../pipeline/control.ts";
import type { Matrix } from "./page-text.ts";
import { type Character, readCharacters } from "./pdf-characters.ts";
import { largestImage, renderPage } from "./pdf-render.ts";
import { forgetPdfium, loadPdfium, type Pdfium } from "./pdfium.ts";
import type { Raster } from "./raster.ts";

/** Maximum number of pages per file. */
export const MAX_PAGES = 2_000;

/** A page, valid until its document is closed. All lengths are in points of the page as displayed. */
export interface PdfPage {
  /** 1-based. */
  readonly page: number;
  readonly width: number;
  readonly height: number;
  readonly toPdf: Matrix;
  /** Throws `too_much_text` if the page has more than 100,000 characters. */
  characters(): Character[];
  /** Fraction of the page that its largest image covers, 0 to 1. */
  largestImage(): number;
  /** Renders in grayscale, with annotations and form fields. Reduces `dpi` if the page would be too large. */
  render(dpi: number): Raster;
}

export interface PdfDocument {
  readonly pages: number;
  /** Calls `read` with a page and closes the page afterward. @param page 1-based */
  withPage<T>(page: number, read: (page: PdfPage) => T): T;
  /** The file as PDFium writes it: with repaired cross-references, and without passwordless encryption. */
  save(): Buffer;
  close(): void;
}

const PASSWORD = 4;
const REMOVE_SECURITY = 3;

/** Opens a PDF. Throws permanent errors for encrypted or broken files. */
export async function openPdf(data: Uint8Array, what = "The PDF"): Promise<PdfDocument> {
  if (data.length === 0) throw broken(`${what} is empty.`);
  const pdfium = await loadPdfium();
  const { lib } = pdfium;
  const memory = pdfium.allocate(data.length);
  if (memory === 0) throw new Error(`${what} does not fit into memory: out of memory.`);
  pdfium.bytes().set(data, memory);
  const handle = guarded(what, () => lib.FPDF_LoadMemDocument(memory, data.length, ""));
  if (handle === 0) {
    const reason = lib.FPDF_GetLastError();
    pdfium.free(memory);
    throw reason === PASSWORD ? encrypted(what) : broken(`${what} is damaged and cannot be opened.`);
  }
  const close = () => {
    lib.FPDF_CloseDocument(handle);
    pdfium.free(memory);
  };
  const pages = guarded(what, () => lib.FPDF_GetPageCount(handle));
  if (pages > 0 && pages <= MAX_PAGES) return documentOf(pdfium, handle, { what, pages, close });
  close();
  if (pages === 0) throw broken(`${what} is damaged: it has no pages.`);
  throw new PermanentError(
    "too_many_pages",
    `${what} has ${pages} pages. The limit is ${MAX_PAGES}. Split it into smaller files.`,
  );
}

interface Opened {
  what: string;
  pages: number;
  close(): void;
}

function documentOf(pdfium: Pdfium, handle: number, { what, pages, close }: Opened): PdfDocument {
  const { lib } = pdfium;
  return {
    pages,
    close: () => guarded(what, close),
    withPage(number, read) {
      return guarded(what, () => {
        const page = lib.FPDF_LoadPage(handle, number - 1);
        if (page === 0) throw broken(`Page ${number} of ${lowered(what)} is damaged and cannot be opened.`);
        try {
          return read(pageOf(pdfium, page, number));
        } finally {
          lib.FPDF_ClosePage(page);
        }
      });
    },
    save() {
      return guarded(what, () => {
        const writer = lib.PDFiumExt_OpenFileWriter();
        try {
          lib.FPDF_SaveAsCopy(handle, writer, REMOVE_SECURITY);
          const size = lib.PDFiumExt_GetFileWriterSize(writer);
          const target = pdfium.allocate(size);
          lib.PDFiumExt_GetFileWriterData(writer, target, size);
          const copy = Buffer.from(pdfium.bytes().slice(target, target + size));
          pdfium.free(target);
          return copy;
        } finally {
          lib.PDFiumExt_CloseFileWriter(writer);
        }
      });
    },
  };
}

/** Longer sides are treated as this many points. */
const MOST_POINTS = 14_400;

function pageOf(pdfium: Pdfium, handle: number, page: number): PdfPage {
  const { lib } = pdfium;
  const width = Math.min(MOST_POINTS, Math.max(1, lib.FPDF_GetPageWidthF(handle)));
  const height = Math.min(MOST_POINTS, Math.max(1, lib.FPDF_GetPageHeightF(handle)));
  const fromPdf = displayMatrix(pdfium, handle, width, height);
  const size = { width, height };
  return {
    page,
    ...size,
    toPdf: inverse(fromPdf),
    characters: () => readCharacters(pdfium, handle, fromPdf),
    largestImage: () => largestImage(pdfium, handle, fromPdf, size),
    render: (dpi) => renderPage(pdfium, handle, size, dpi),
  };
}

/** Device units per point, because device coordinates are integers. */
const STEPS = 100;
/** Distance of the sample points, large enough for a precise matrix. */
const SPAN = 1_000;

/** Matrix from PDF coordinates to points of the displayed page, for any boxes and rotation. */
function displayMatrix(pdfium: Pdfium, page: number, width: number, height: number): Matrix {
  const { lib } = pdfium;
  const target = pdfium.allocate(8);
  const at = (x: number, y: number): [number, number] => {
    const size = [Math.round(width * STEPS), Math.round(height * STEPS)] as const;
    lib.FPDF_PageToDevice(page, 0, 0, ...size, 0, x, y, target, target + 4);
    const view = pdfium.view();
    return [view.getInt32(target, true) / STEPS, view.getInt32(target + 4, true) / STEPS];
  };
  const [e, f] = at(0, 0);
  const [ax, ay] = at(SPAN, 0);
  const [cx, cy] = at(0, SPAN);
  pdfium.free(target);
  return [(ax - e) / SPAN, (ay - f) / SPAN, (cx - e) / SPAN, (cy - f) / SPAN, e, f];
}

function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  const det = a * d - b * c || 1;
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
}

/** `WebAssembly.RuntimeError`, which is missing from Node's types. */
function isTrap(error: unknown): boolean {
  return error instanceof Error && error.name === "RuntimeError";
}

/** An abort inside WebAssembly leaves an unusable module. */
function guarded<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isTrap(error) && !(error instanceof RangeError)) throw error;
    forgetPdfium();
    throw broken(`${what} is damaged: reading it failed.`, error);
  }
}

function encrypted(what: string): PermanentError {
  return new PermanentError(
    "encrypted_file",
    `${what} is encrypted and needs a password. Save a copy without a password and upload that.`,
  );
}

function broken(message: string, cause?: unknown): PermanentError {
  const hint = "Upload it again, or print it to a new PDF.";
  return new PermanentError("undecodable_file", `${message} ${hint}`, { cause });
}

function lowered(what: string): string {
  return what[0]!.toLowerCase() + what.slice(1);
}
