import MiniSearch from "minisearch";
import type { Passage } from "./passages.ts";

/** Stop words. */
const STOP = new Set(
  "a an and are as at be by can did do does for from had has have how i in is it its me my of on or so tell that the their there they this to was we were what when where which who why will with you your".split(
    " ",
  ),
);

/**
 * Splits text into lowercase words. Hangul, kana and Han have no useful word boundaries (Korean attaches particles to
 * nouns), so each run of them becomes pairs of characters.
 */
export function terms(text: string): string[] {
  const found: string[] = [];
  for (const [run] of text
    .normalize("NFC")
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu)) {
    for (const [part] of run.matchAll(
      /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+|[^\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu,
    )) {
      if (!isCjk(part)) found.push(part);
      else if (part.length === 1) found.push(part);
      else for (let at = 0; at < part.length - 1; at++) found.push(part.slice(at, at + 2));
    }
  }
  return found.filter((term) => !STOP.has(term));
}

function isCjk(text: string): boolean {
  return /^[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text);
}

export interface Found {
  passage: Passage;
  /** Relative to the best, which has 1. */
  score: number;
}

/** The passages that match a question best (BM25), best first. */
export function search(passages: readonly Passage[], question: string, most: number): Found[] {
  const index = new MiniSearch<Passage>({ fields: ["text"], tokenize: terms, processTerm: (term) => term });
  index.addAll(passages as Passage[]);
  const results = index.search(question, {
    // Other word forms: `colonies` for `colony`. Pairs of syllables must match exactly.
    prefix: (term) => !isCjk(term) && term.length > 3,
    fuzzy: (term) => (!isCjk(term) && term.length > 4 ? 0.2 : false),
    combineWith: "OR",
  });
  const best = results[0]?.score ?? 1;
  return results
    .slice(0, most)
    .map(({ id, score }) => ({ passage: passages[id as number]!, score: score / best }));
}
