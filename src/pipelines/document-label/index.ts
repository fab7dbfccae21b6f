import { definePipeline } from "../../pipeline/pipeline.ts";
import {
  type PageSettings,
  pageReader,
  readOptions,
  splitOptions,
  splitPages,
} from "../documents/page-steps.ts";
import { labelFile } from "./label-file.ts";
import { labelOptions } from "./options.ts";
import { report } from "./report.ts";

export type { Labeled } from "./label-file.ts";
export type { LabelOptions } from "./options.ts";
export type { Question, QuestionType } from "./question.ts";
export type { FileReport, Report } from "./report.ts";

export const documentLabelName = "document.label";
export const documentLabelVersion = 1;

/** Maximum number of files per job. */
const MAX_FILES = 3;
const MAX_FILE_BYTES = 100 * 1024 * 1024;

export interface DocumentLabelLimits {
  /** @default 100 MiB */
  maxFileBytes: number;
}

/** The built-in pipeline that finds the questions of exams and workbooks, and reports the outcome for each file. */
export function createDocumentLabel(settings: Partial<DocumentLabelLimits> & PageSettings = {}) {
  return definePipeline({
    name: documentLabelName,
    version: documentLabelVersion,
    title: "Label documents",
    description:
      "Find the questions of exams and workbooks: number, type, text, choices, answer and position.",
    accepts: {
      mediaTypes: ["application/pdf"],
      minFiles: 1,
      maxFiles: MAX_FILES,
      maxFileBytes: settings.maxFileBytes ?? MAX_FILE_BYTES,
    },
    options: labelOptions,
    tools: { pdfium: "2.15.1", ocr: settings.ocr ?? "auto" },
  })
    .split("pages", splitPages, splitOptions)
    .each("extract", pageReader(settings), readOptions)
    .join("label", labelFile, { timeoutMs: 600_000, cache: "inputs", concurrency: 4 })
    .all("report", report);
}

export const documentLabel = createDocumentLabel();
