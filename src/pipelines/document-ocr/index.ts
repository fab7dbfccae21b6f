import { definePipeline } from "../../pipeline/pipeline.ts";
import {
  documentMediaTypes,
  type PageSettings,
  pageReader,
  readOptions,
  splitOptions,
  splitPages,
} from "../documents/page-steps.ts";
import { STEP_MEMORY_MIB } from "../step-memory.ts";
import { assemble } from "./assemble.ts";
import { type DocumentOcrLimits, documentOcrLimits } from "./limits.ts";
import { documentOcrOptions } from "./options.ts";

export type { OcrPage, OcrResult } from "./assemble.ts";
export type { DocumentOcrLimits } from "./limits.ts";
export type { DocumentOcrOptions } from "./options.ts";

export const documentOcrName = "document.ocr";
export const documentOcrVersion = 1;

/** The built-in pipeline that reads PDFs and images of pages, with pages spread over all workers. */
export function createDocumentOcr(settings: Partial<DocumentOcrLimits> & PageSettings = {}) {
  const { maxFiles, maxFileBytes } = { ...documentOcrLimits, ...settings };
  return definePipeline({
    name: documentOcrName,
    version: documentOcrVersion,
    title: "Read documents",
    description: "Turn PDFs and scans into text, Markdown, JSON and searchable PDFs, page by page.",
    accepts: { mediaTypes: documentMediaTypes, minFiles: 1, maxFiles, maxFileBytes },
    options: documentOcrOptions,
    tools: { pdfium: "2.15.1", ocr: settings.ocr ?? "auto" },
  })
    .split("pages", splitPages, splitOptions)
    .each("read", pageReader(settings), readOptions)
    .join("assemble", assemble, {
      timeoutMs: 600_000,
      cache: "inputs",
      concurrency: 1,
      isolate: { memoryMiB: STEP_MEMORY_MIB },
    });
}
