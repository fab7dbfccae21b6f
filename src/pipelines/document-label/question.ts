import type { Box } from "../documents/page-text.ts";

export const questionTypes = [
  "multiple_choice",
  "short_answer",
  "essay",
  "true_false",
  "passage",
  "explanation",
  "other",
] as const;
export type QuestionType = (typeof questionTypes)[number];

/** A question, or another section of the document, depending on `type`. */
export type Question = {
  /** As printed. `null` for passages and other sections. */
  number: number | null;
  type: QuestionType;
  /** The first sentence of the body, shortened. */
  title: string;
  /** Without number, points, choices and answer. */
  body: string;
  /** Texts in order, without marks. */
  choices: string[];
  /** As printed. For multiple choice, the 1-based number of the choice. `null` if none is printed. */
  answer: string | null;
  /** Points for the question. `null` if the document does not say. */
  points: number | null;
  /** First page, 1-based. */
  page: number;
  boxes: (Box & { page: number })[];
  /** Range of questions that share a passage, such as `"1-3"`. */
  group: string | null;
  /** Heading of its section, as printed. */
  section: string | null;
  /** 0 to 1. */
  confidence: number;
  /** `rules`, or provider and model. */
  labeler: string;
};
