import { PermanentError } from "../../pipeline/control.ts";
import type { JoinContext } from "../../pipeline/parts.ts";
import type { PageText } from "../documents/page-text.ts";
import { toCsv, toMarkdown } from "./exports.ts";
import { type LabeledDocument, labelDocument } from "./label.ts";
import { modelLabels } from "./model-labels.ts";
import type { LabelOptions } from "./options.ts";
import type { Question } from "./question.ts";

export type Labeled = {
  /** `rules`, or provider and model. */
  labeler: string;
  questions: Question[];
  /** Page sizes in points, for the boxes. */
  pages: { page: number; width: number; height: number; source: "embedded" | "ocr" }[];
  /** Unreadable pages. */
  unread: number[];
};

type Context = JoinContext<LabelOptions, { page: number }, PageText, null>;

/** Labels a file from its pages. Leaves out unreadable pages, with a warning. */
export async function labelFile(context: Context): Promise<Labeled> {
  const pages = await Array.fromAsync(context.parts, ({ result }) => result);
  pages.sort((a, b) => a.page - b.page);
  const unread: number[] = [];
  for await (const { data, message } of context.failures) {
    unread.push(data.page);
    context.warn("page_failed", `Page ${data.page} could not be read: ${message}`);
  }
  const document = labelDocument(pages);
  const { labeler, questions } = await label(context, document);
  warnOfGaps(context, questions);
  warnOfUntold(context, document.untold);
  const labeled: Labeled = {
    labeler,
    questions,
    pages: pages.map(({ page, width, height, source }) => ({ page, width, height, source })),
    unread,
  };
  await writeExports(context, labeled);
  return labeled;
}

/** Uses a model if one is requested and available. The rules check its answers, and replace them when they fail. */
async function label(
  context: Context,
  document: LabeledDocument,
): Promise<Pick<Labeled, "labeler" | "questions">> {
  const { ai, options, attempt } = context;
  const rules = { labeler: "rules", questions: document.questions };
  if (options.labeler === "rules" || (options.labeler === "auto" && ai.models.length === 0)) return rules;
  if (ai.models.length === 0) throw noModel();
  const isFinal = (error: unknown) => options.labeler === "auto" && isModelFailure(error, attempt);
  const { model, questions, kept, failed } = await modelLabels(ai, document, isFinal, (fraction) =>
    context.progress(fraction, "label"),
  );
  for (const { first, last, message } of failed) {
    context.warn("model_failed", `The rules labeled questions ${first} to ${last}: ${message}`.slice(0, 500));
  }
  if (kept.length > 0) {
    const which = kept.slice(0, 8).map(({ number, why }) => `${number} (${why})`);
    context.warn("model_overruled", `The rules kept question ${which.join(", ")}.`.slice(0, 500));
  }
  return { labeler: model ?? "rules", questions };
}

function noModel(): PermanentError {
  return new PermanentError(
    "no_model",
    "No model is configured for this. Define one in MILLRACE_AI_MODELS, or set labeler to auto or rules.",
  );
}

/** Useless answers, after which the rules take over. A provider that is down counts only on the last attempt. */
const USELESS = new Set(["answer_malformed", "answer_incomplete", "provider_refused", "no_model"]);
const ATTEMPTS = 3;

function isModelFailure(error: unknown, attempt: number): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return USELESS.has(code) || (code === "provider_unavailable" && attempt >= ATTEMPTS);
}

async function writeExports(context: Context, labeled: Labeled): Promise<void> {
  const kinds = [
    { extension: "json", mediaType: "application/json", text: JSON.stringify(labeled, null, 2) },
    { extension: "csv", mediaType: "text/csv", text: toCsv(labeled.questions) },
    { extension: "md", mediaType: "text/markdown", text: toMarkdown(labeled.questions) },
  ];
  for (const { extension, mediaType, text } of kinds) {
    await context.write({ extension, suffix: "-questions", data: Buffer.from(text), mediaType });
  }
}

function warnOfGaps(context: Context, questions: readonly Question[]): void {
  if (!questions.some(({ number }) => number !== null)) {
    context.warn(
      "no_questions",
      "No numbered questions were found. Check that the file is an exam or a workbook.",
    );
  }
  const missing = missingNumbers(questions);
  if (missing.length > 0) {
    context.warn("numbers_missing", `Questions not found: ${missing.slice(0, 20).join(", ")}.`);
  }
}

function warnOfUntold(context: Context, numbers: readonly number[]): void {
  if (numbers.length === 0) return;
  const more = numbers.length > 20 ? `, and ${numbers.length - 20} more` : "";
  context.warn(
    "answers_unreadable",
    `The printed answers of questions ${numbers.slice(0, 20).join(", ")}${more} are circled numbers on a scan, which OCR cannot tell apart. Enter them by hand.`,
  );
}

/** Question numbers that are skipped. */
export function missingNumbers(questions: readonly Question[]): number[] {
  const missing: number[] = [];
  let before = 0;
  for (const { number, type } of questions) {
    if (number === null || type === "explanation") continue;
    if (number > before + 1 && before > 0) {
      for (let one = before + 1; one < number; one++) missing.push(one);
    }
    before = number;
  }
  return missing;
}
