import { distance } from "fastest-levenshtein";
import type { Question } from "../../src/pipelines/document-label/question.ts";
import type { Exam, Truth } from "./exam.ts";

export interface Score {
  truth: number;
  found: number;
  /** Questions with the right type, and body and choices at least 90 % alike. */
  hits: number;
  /** Hits whose answer is also right; `groups` counts those whose group is right. */
  answers: number;
  groups: number;
  misses: { truth: Truth; found: Question | null; why: string }[];
}

const ENOUGH = 0.9;

/** Matches questions by section and number. */
export function scoreOf({ truth }: Pick<Exam, "truth">, questions: readonly Question[]): Score {
  const numbered = questions.filter(({ number, type }) => number !== null && type !== "explanation");
  const left = new Set(numbered);
  const score: Score = {
    truth: truth.length,
    found: numbered.length,
    hits: 0,
    answers: 0,
    groups: 0,
    misses: [],
  };
  for (const one of truth) {
    const match = matchOf(one, left);
    if (match) left.delete(match);
    const why = match ? fault(one, match) : "not found";
    if (why !== null) {
      score.misses.push({ truth: one, found: match ?? null, why });
      continue;
    }
    score.hits++;
    if (plain(match!.answer) === plain(one.answer)) score.answers++;
    if (match!.group === one.group) score.groups++;
  }
  return score;
}

/** OCR may misread section names, so the most similar one matches if it is at least this similar. */
const ALIKE = 0.75;

function matchOf({ number, section }: Truth, left: ReadonlySet<Question>): Question | undefined {
  const same = [...left].filter((question) => question.number === number);
  const close = same.map((question) => ({
    question,
    likeness: likeness(name(section), name(question.section)),
  }));
  const [best] = close.sort((a, b) => b.likeness - a.likeness);
  return best && best.likeness >= ALIKE ? best.question : undefined;
}

function name(section: string | null): string {
  return (section ?? "").normalize("NFKC").replace(/[^\p{L}\p{N}]/gu, "");
}

export function f1({ truth, found, hits }: Pick<Score, "truth" | "found" | "hits">): number {
  return truth + found === 0 ? 1 : (2 * hits) / (truth + found);
}

function fault(truth: Truth, found: Question): string | null {
  if (truth.type !== found.type) return `type ${found.type}`;
  if (truth.choices.length !== found.choices.length) return `${found.choices.length} choices`;
  const wrong = truth.choices.findIndex((choice, index) => likeness(choice, found.choices[index]!) < ENOUGH);
  if (wrong >= 0) return `choice ${wrong + 1}: ${found.choices[wrong]}`;
  return likeness(truth.body, found.body) < ENOUGH ? `body: ${found.body}` : null;
}

function likeness(a: string, b: string): number {
  const [x, y] = [plain(a), plain(b)];
  const longest = Math.max(x.length, y.length);
  return longest === 0 ? 1 : 1 - distance(x, y) / longest;
}

/** Removes spaces and blanks to fill in, which do not count. */
function plain(text: string | null): string {
  return (text ?? "").normalize("NFKC").replace(/[\s_]+/g, "");
}
