import type { Json } from "../api/contract.ts";

export interface LabeledQuestion {
  number: number | null;
  type: QuestionKind;
  body: string;
  choices: string[];
  answer: string | null;
  page: number;
  boxes: { page: number; x: number; y: number; width: number; height: number }[];
  group: string | null;
  section: string | null;
  confidence: number;
  labeler: string;
}

export const questionKinds = [
  "multiple_choice",
  "short_answer",
  "essay",
  "true_false",
  "passage",
  "explanation",
  "other",
] as const;
export type QuestionKind = (typeof questionKinds)[number];

/** Result of `document.label` for an item. */
export interface Questions {
  labeler: string;
  questions: LabeledQuestion[];
  /** Page sizes in points, for the boxes. */
  pages: { page: number; width: number; height: number }[];
}

/** Reads an item's result as questions. `null` for other results. */
export function readQuestions(result: Json): Questions | null {
  if (typeof result !== "object" || result === null || Array.isArray(result)) return null;
  const { labeler, questions, pages } = result;
  if (typeof labeler !== "string" || !Array.isArray(questions) || !Array.isArray(pages)) return null;
  const isRead = questions.every(
    (question) =>
      typeof question === "object" &&
      question !== null &&
      !Array.isArray(question) &&
      (questionKinds as readonly unknown[]).includes(question.type) &&
      typeof question.body === "string" &&
      Array.isArray(question.choices) &&
      Array.isArray(question.boxes),
  );
  return isRead ? (result as unknown as Questions) : null;
}

/** Questions below this confidence need a review. */
const DOUBTFUL = 0.7;

export function isUnsure({ confidence }: LabeledQuestion): boolean {
  return confidence < DOUBTFUL;
}
