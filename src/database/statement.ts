import { MillraceError } from "../errors.ts";
import { MAX_ROWS } from "../ports/database.ts";

export type Value = string | number | null;

/** SQL that is ready to run, with the values for its parameters. */
export interface Statement {
  /** A deletion makes room, so that it is run when nothing else can be written. */
  kind: "read" | "write" | "delete";
  text: string;
  values: Value[];
  /** It is a change that gives rows. */
  returns: boolean;
}

export function tooManyRows(): MillraceError {
  return new MillraceError(
    "payload_too_large",
    `The answer has more than ${MAX_ROWS} rows: read them page by page.`,
  );
}
