import type { Passage } from "./passages.ts";

/** The source of a statement in the answer. */
export type Citation = {
  /** Number as in the answer: 1 for `[1]`. */
  number: number;
  file: string;
  /** Index of the item. */
  index: number;
  page: number | null;
  text: string;
};

export function citationOf(passage: Passage, number: number): Citation {
  const { file, item, page, text } = passage;
  return { number, file, index: item, page, text };
}

/** The sources that an answer cites, by number. */
export function citedIn(answer: string, sources: readonly Passage[]): Citation[] {
  const numbers = [...answer.matchAll(/\[(\d{1,4}(?:\s*,\s*\d{1,4})*)\]/g)]
    .flatMap(([, list]) => list!.split(","))
    .map(Number);
  return [...new Set(numbers)]
    .filter((number) => number >= 1 && number <= sources.length)
    .map((number) => citationOf(sources[number - 1]!, number));
}
