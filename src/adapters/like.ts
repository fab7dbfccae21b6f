import { withoutNumbers } from "../domain/error-groups.ts";

/** Includes an escape clause, because SQLite's `LIKE` has no default escape. */
export const LIKE = "LIKE ? ESCAPE '\\'";

/** A pattern for `LIKE … ESCAPE '\'` that matches texts containing this one. */
export function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, "\\$&")}%`;
}

/** The same for a text inside a JSON string. */
export function containingInJson(text: string): string {
  return containing(JSON.stringify(text).slice(1, -1));
}

/** Patterns for the code of an error and for its group: see `DeadLetterQuery.text`. */
export function patternsOf(text: string): [code: string, group: string] {
  return [containing(text), containing(withoutNumbers(text))];
}
