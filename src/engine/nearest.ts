import { distance } from "fastest-levenshtein";

/** Letters by which a typo differs from what was meant; of a short name, half of its letters. */
const MOST_EDITS = 3;
/** Letters of a name that are compared: it may be a client's, and of any length. */
const MOST_LETTERS = 80;

/** Which of the known names may have been meant, whatever its case; `null` when none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const asked = name.slice(0, MOST_LETTERS).toLowerCase();
  const [best] = known
    .map((one) => ({ one, edits: distance(one.toLowerCase(), asked) }))
    .filter(({ one, edits }) => edits <= Math.min(MOST_EDITS, Math.ceil(one.length / 2)))
    .sort((a, b) => a.edits - b.edits);
  return best?.one ?? null;
}
