import { type Citation, citationOf } from "./citations.ts";
import { type Passage, sentences } from "./passages.ts";
import { search, terms } from "./search.ts";

/** Maximum number of passages, and their minimum score relative to the best. */
const MOST = 5;
const LEAST_SCORE = 0.35;
/** Sentences per passage. */
const SENTENCES = 3;

export interface Extract {
  /** In pieces, as they are streamed. */
  pieces: string[];
  citations: Citation[];
}

/** Quotes the passages that match the question best, with their sources. */
export function extract(passages: readonly Passage[], question: string): Extract {
  const found = search(passages, question, MOST).filter(({ score }) => score >= LEAST_SCORE);
  const asked = new Set(terms(question));
  const citations = found.map(({ passage }, index) => citationOf(passage, index + 1));
  const pieces = found.flatMap(({ passage }, index) => {
    const quoted = quote(passage.text, asked);
    return [...(index > 0 ? ["\n\n"] : []), ...quoted.map((sentence) => `${sentence} `), `[${index + 1}]`];
  });
  return { pieces, citations };
}

/** The sentences that match best, and those around them, in order. */
function quote(text: string, asked: ReadonlySet<string>): string[] {
  const all = sentences(text);
  if (all.length <= SENTENCES) return all;
  const scores = all.map((sentence) => terms(sentence).filter((term) => asked.has(term)).length);
  let best = 0;
  const scoreAt = (at: number) => scores.slice(at, at + SENTENCES).reduce((sum, score) => sum + score, 0);
  for (let at = 1; at + SENTENCES <= all.length; at++) if (scoreAt(at) > scoreAt(best)) best = at;
  return all.slice(best, best + SENTENCES);
}
