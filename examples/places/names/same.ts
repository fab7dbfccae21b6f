import { distance } from "fastest-levenshtein";
import { fold } from "./fold.ts";

/** Minimum similarity of two names for the same place, which may differ by a typo, spaces or an ending. */
const SAME = 0.8;

/** Fraction of letters that two folded names share in order, 0 to 1. */
export function likeness(a: string, b: string): number {
  const [one, other] = [a.replaceAll(" ", ""), b.replaceAll(" ", "")];
  const longer = Math.max(one.length, other.length);
  return longer === 0 ? 1 : 1 - distance(one, other) / longer;
}

/** Whether two names mean the same place. Names with different numbers, such as exits 1 and 2, never do. */
export function isSameName(a: string, b: string): boolean {
  const [one, other] = [fold(a), fold(b)];
  if (numbersOf(one) !== numbersOf(other)) return false;
  return likeness(one, other) >= SAME;
}

function numbersOf(folded: string): string {
  return (folded.match(/\d+/g) ?? []).join(" ");
}
