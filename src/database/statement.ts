import { MillraceError } from "../errors.ts";
import { MAX_ROWS } from "../ports/database.ts";

export type Value = string | number | null;

/** SQL ready to run, with its parameter values. */
export interface Statement {
  /** A delete frees space, so it runs even if nothing else can be written. */
  kind: "read" | "write" | "delete";
  text: string;
  values: Value[];
  /** A write that returns rows. */
  returns: boolean;
}

export function tooManyRows(): MillraceError {
  return new MillraceError(
    "payload_too_large",
    `The answer has more than ${MAX_ROWS} rows: read them page by page.`,
  );
}
