import { distance } from "fastest-levenshtein";

/** Most edits by which a typo may differ from what was meant; for a short name, half of its letters. */
const MOST_EDITS = 3;
/** Letters that are compared: the name may come from a client and have any length. */
const MOST_LETTERS = 80;

/** The known name that was probably meant, ignoring case; `null` if none is close. */
export function nearest(name: string, known: readonly string[]): string | null {
  const asked = name.slice(0, MOST_LETTERS).toLowerCase();
  const [best] = known
    .map((one) => ({ one, edits: distance(one.toLowerCase(), asked) }))
    .filter(({ one, edits }) => edits <= Math.min(MOST_EDITS, Math.ceil(one.length / 2)))
    .sort((a, b) => a.edits - b.edits);
  return best?.one ?? null;
}
