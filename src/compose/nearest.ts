/** Edits by which a slip of the fingers differs from what was meant. */
const SLIP = 3;

/** Which of the known names may have been meant; `null` when none is near. */
export function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known.map((one) => ({ one, edits: distance(name, one) })).sort((a, b) => a.edits - b.edits);
  return ranked[0] && ranked[0].edits <= SLIP ? ranked[0].one : null;
}

/** Levenshtein's: letters to add, drop or change. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, change));
    }
    row = next;
  }
  return row[to.length]!;
}
