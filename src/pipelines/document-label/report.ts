import type { AllContext } from "../../pipeline/context.ts";
import { type Labeled, missingNumbers } from "./label-file.ts";
import type { LabelOptions } from "./options.ts";
import { type QuestionType, questionTypes } from "./question.ts";

/** Questions below this confidence need a review. */
const DOUBTFUL = 0.7;

export type FileReport = {
  index: number;
  name: string;
  state: "labeled" | "failed";
  labeler: string | null;
  pages: number;
  /** Numbered questions. */
  questions: number;
  /** Number of sections by type. */
  types: { [type in QuestionType]: number };
  /** Questions with a printed answer. */
  answered: number;
  /** Skipped numbers. */
  missing: number[];
  /** Numbers of questions that need a review. */
  doubtful: number[];
  /** Unreadable pages. */
  unread: number[];
  /** Set if the file failed. */
  error: { code: string; message: string } | null;
};

export type Report = {
  files: FileReport[];
  total: {
    files: number;
    labeled: number;
    failed: number;
    pages: number;
    questions: number;
    answered: number;
  };
  /** Summary for people. */
  summary: string;
};

/** Outcome of every file, including failed ones. */
export async function report(context: AllContext<LabelOptions, Labeled, null>): Promise<Report> {
  const files: FileReport[] = [];
  for await (const { index, name, result } of context.items) files.push(labeledReport(index, name, result));
  for await (const { index, name, code, message } of context.failures) {
    files.push({ ...emptyReport(index, name), error: { code, message } });
  }
  files.sort((a, b) => a.index - b.index);
  const sum = (of: (file: FileReport) => number) => files.reduce((total, file) => total + of(file), 0);
  const failed = files.filter(({ state }) => state === "failed").length;
  const total = {
    files: files.length,
    labeled: files.length - failed,
    failed,
    pages: sum(({ pages }) => pages),
    questions: sum(({ questions }) => questions),
    answered: sum(({ answered }) => answered),
  };
  return { files, total, summary: summaryOf(files, total) };
}

function emptyReport(index: number, name: string): FileReport {
  const types = Object.fromEntries(questionTypes.map((type) => [type, 0])) as FileReport["types"];
  const none = {
    labeler: null,
    pages: 0,
    questions: 0,
    types,
    answered: 0,
    missing: [],
    doubtful: [],
    unread: [],
    error: null,
  };
  return { index, name, state: "failed", ...none };
}

function labeledReport(
  index: number,
  name: string,
  { labeler, pages, questions, unread }: Labeled,
): FileReport {
  const found = emptyReport(index, name);
  for (const { type } of questions) found.types[type]++;
  const numbered = questions.filter(({ number, type }) => number !== null && type !== "explanation");
  return {
    ...found,
    state: "labeled",
    labeler,
    unread,
    pages: pages.length,
    questions: numbered.length,
    answered: numbered.filter(({ answer }) => answer !== null).length,
    missing: missingNumbers(questions),
    doubtful: numbered.filter(({ confidence }) => confidence < DOUBTFUL).map(({ number }) => number!),
  };
}

function summaryOf(files: readonly FileReport[], total: Report["total"]): string {
  const count = (amount: number, one: string) => `${amount} ${one}${amount === 1 ? "" : "s"}`;
  const found = `${count(total.questions, "question")} in ${count(total.labeled, "file")}`;
  const failed = files.filter(({ error }) => error).map(({ name, error }) => `${name}: ${error!.message}`);
  return failed.length === 0 ? `${found}.` : `${found}. Failed: ${failed.join(" ")}`;
}
