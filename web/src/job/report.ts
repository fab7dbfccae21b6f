import type { Json } from "../api/contract.ts";

/** The fields of `document.label`'s job result that are shown. */
export interface LabelReport {
  files: {
    index: number;
    name: string;
    pages: number;
    questions: number;
    answered: number;
    /** Numbers of skipped questions, of questions that need a review, and of unreadable pages. */
    missing: number[];
    doubtful: number[];
    unread: number[];
    error: { code: string; message: string } | null;
  }[];
}

/** Reads a job's result as a labeling report. `null` for other results. */
export function readReport(result: Json): LabelReport | null {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return null;
  const { files, total, summary } = result;
  if (!Array.isArray(files) || typeof total !== "object" || typeof summary !== "string") return null;
  const isReport = files.every(
    (file) =>
      typeof file === "object" &&
      file !== null &&
      !Array.isArray(file) &&
      typeof file.name === "string" &&
      typeof file.questions === "number" &&
      [file.missing, file.doubtful, file.unread].every(Array.isArray),
  );
  return isReport ? (result as unknown as LabelReport) : null;
}
