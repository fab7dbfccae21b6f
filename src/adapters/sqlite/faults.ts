import { statSync } from "node:fs";
import { MillraceError } from "../../errors.ts";
import type { WireError } from "./protocol.ts";

const SQLITE_FULL = 13;
const SQLITE_IOERR = 10;
const SQLITE_BUSY = 5;
const SQLITE_NOMEM = 7;
/** Of a unique column, of a primary key, and of a row id. */
const taken: readonly (number | undefined)[] = [2067, 1555, 2579];

/** An error of SQLite's, or of ours, as it goes over the socket. */
export function wireError(error: unknown): WireError {
  const { message } = error as Error;
  if (error instanceof MillraceError) return { code: error.code, message, retryable: error.retryable };
  if (taken.includes((error as { errcode?: number }).errcode))
    return { code: "already_exists", message: "There is such a record already.", retryable: false };
  const kind = kindOf(error);
  if (kind === SQLITE_FULL || kind === SQLITE_IOERR) return fullError();
  return { code: "internal", message, retryable: kind === SQLITE_BUSY || kind === SQLITE_NOMEM };
}

/** What a call cannot have, while the others of its transaction go on. */
export class Refusal {
  readonly error: WireError;

  constructor(error: WireError) {
    this.error = error;
  }
}

export function fullError(): WireError {
  return {
    code: "storage_full",
    message: "The disk of the data folder is full or failing.",
    retryable: true,
  };
}

export function isFull(error: unknown): boolean {
  return kindOf(error) === SQLITE_FULL;
}

/** The lower byte of the code. What is above tells the operation, such as the failed fsync. */
function kindOf(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

/** Whether the database file still has its name: what is written into one that has none ends with the process. */
export function fileCheck(path: string): () => void {
  const { ino: opened } = statSync(path, { bigint: true });
  return () => {
    if (statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === opened) return;
    throw new MillraceError(
      "unavailable",
      "The database file was removed or replaced while Millrace runs: nothing more is recorded. Stop Millrace, and restore the data folder from a backup.",
    );
  };
}
