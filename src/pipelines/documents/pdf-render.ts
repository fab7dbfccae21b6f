import type { Box, Matrix } from "./page-text.ts";
import { boxAround } from "./pdf-characters.ts";
import type { Pdfium } from "./pdfium.ts";
import type { Raster } from "./raster.ts";

/** Slightly more than an A3 page at 300 dpi. */
const MAX_PIXELS = 24_000_000;
const MAX_SIDE = 10_000;

const GRAY = 1;
const WHITE = 0xffffffff;
/** Annotations and grayscale. */
const FLAGS = 0x01 | 0x08;

export function renderPage(
  pdfium: Pdfium,
  page: number,
  size: { width: number; height: number },
  dpi: number,
): Raster {
  const { lib } = pdfium;
  const scale = Math.min(
    dpi / 72,
    MAX_SIDE / Math.max(size.width, size.height),
    Math.sqrt(MAX_PIXELS / (size.width * size.height)),
  );
  const width = Math.max(1, Math.floor(size.width * scale));
  const height = Math.max(1, Math.floor(size.height * scale));
  const bitmap = lib.FPDFBitmap_CreateEx(width, height, GRAY, 0, 0);
  if (bitmap === 0) throw new Error(`A page of ${width} × ${height} pixels does not fit: out of memory.`);
  try {
    lib.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, WHITE);
    lib.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, FLAGS);
    const stride = lib.FPDFBitmap_GetStride(bitmap);
    const start = lib.FPDFBitmap_GetBuffer(bitmap);
    const bytes = pdfium.bytes();
    const data = Buffer.allocUnsafe(width * height);
    for (let y = 0; y < height; y++) {
      data.set(bytes.subarray(start + y * stride, start + y * stride + width), y * width);
    }
    return { data, width, height, dpi: scale * 72 };
  } finally {
    lib.FPDFBitmap_Destroy(bitmap);
  }
}

const IMAGE = 3;
/** Maximum number of objects to search for images. Scans do not have this many. */
const MAX_OBJECTS = 20_000;

export function largestImage(
  pdfium: Pdfium,
  page: number,
  fromPdf: Matrix,
  size: { width: number; height: number },
): number {
  const { lib } = pdfium;
  const count = Math.min(MAX_OBJECTS, lib.FPDFPage_CountObjects(page));
  const buffer = pdfium.allocate(16);
  let largest = 0;
  for (let index = 0; index < count; index++) {
    const object = lib.FPDFPage_GetObject(page, index);
    if (lib.FPDFPageObj_GetType(object) !== IMAGE) continue;
    if (!lib.FPDFPageObj_GetBounds(object, buffer, buffer + 4, buffer + 8, buffer + 12)) continue;
    const view = pdfium.view();
    const edges = [0, 4, 8, 12].map((at) => view.getFloat32(buffer + at, true));
    largest = Math.max(largest, visiblePart(boxAround(fromPdf, edges), size));
  }
  pdfium.free(buffer);
  return largest;
}

function visiblePart(box: Box, { width, height }: { width: number; height: number }): number {
  const across = Math.min(width, box.x + box.width) - Math.max(0, box.x);
  const down = Math.min(height, box.y + box.height) - Math.max(0, box.y);
  return (Math.max(0, across) * Math.max(0, down)) / (width * height);
}
