import { createDocumentOcr, type OcrResult } from "../../pipelines/document-ocr/index.ts";
import { runFile } from "./run-file.ts";
import type { Run } from "./workload.ts";

const pipeline = createDocumentOcr();
/** Forces OCR on every page, as for a scan. */
const options = { text: "ocr", languages: ["eng"], outputs: ["txt"] };

/** Reads a document page by page with the steps of `document.ocr`. Returns its text. */
export const ocr: Run = (file, _, signal) =>
  runFile(pipeline, file, options, signal, ({ result }) => {
    const { pages, failed } = result as OcrResult;
    if (failed.length > 0) throw new Error(`page ${failed[0]!.page}: ${failed[0]!.message}`);
    return pages.map(({ text }) => text).join("\f");
  });
