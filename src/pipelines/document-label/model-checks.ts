import { distance } from "fastest-levenshtein";
import type { Piece } from "./label.ts";
import type { Question } from "./question.ts";

/** A question in a model's answer. */
export interface ModelQuestion {
  number: number;
  type: "multiple_choice" | "short_answer" | "essay" | "true_false";
  title: string;
  body: string;
  choices: string[];
}

/** Minimum fraction of a model's text that must occur in the document. */
const ENOUGH = 0.9;
const LONGEST_TITLE = 120;

/**
 * Returns what can be trusted in a model's question, or why nothing can. Its body and choices must occur in the
 * question's text, and its type must match its number of choices.
 */
export function checked(answer: ModelQuestion, { lines, question }: Piece): Partial<Question> | string {
  const text = plain(lines.map((line) => line.text).join(""));
  const body = plain(answer.body);
  if (body.length === 0) return "its body is empty";
  if (likenessWithin(body, text) < ENOUGH) return "its body is not in the text";
  const foreign = answer.choices.find((choice) => likenessWithin(plain(choice), text) < ENOUGH);
  if (foreign !== undefined) return `the choice "${foreign.slice(0, 40)}" is not in the text`;
  if (answer.choices.length < question.choices.length) return "choices of the text are missing";
  if (answer.type === "multiple_choice" && answer.choices.length === 1) return "it has a single choice";
  const title = answer.title.trim().slice(0, LONGEST_TITLE);
  return {
    type: answer.type,
    title: title === "" ? question.title : title,
    body: answer.body.trim(),
    choices: answer.choices.map((choice) => choice.trim()),
    // Agreement of model and rules raises confidence.
    confidence: answer.type === question.type ? Math.max(question.confidence, 0.98) : question.confidence,
  };
}

/** How well a text matches its best place in another, 0 to 1. */
function likenessWithin(part: string, whole: string): number {
  if (part === "" || whole.includes(part)) return 1;
  // Try places where the text begins or ends, or if there are none, a sample of all places.
  const size = part.length;
  const starts = new Set<number>();
  const head = whole.indexOf(part.slice(0, 6));
  const tail = whole.lastIndexOf(part.slice(-6));
  if (head >= 0) starts.add(head);
  if (tail >= 0) starts.add(Math.max(0, tail + 6 - size));
  let best = 0;
  for (const start of starts) {
    best = Math.max(best, 1 - distance(part, whole.slice(start, start + size)) / size);
  }
  return best;
}

function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_]+/g, "");
}
