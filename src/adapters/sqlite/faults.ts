import { statSync } from "node:fs";
import { MillraceError } from "../../errors.ts";
import type { WireError } from "./protocol.ts";

const SQLITE_FULL = 13;
const SQLITE_IOERR = 10;
const SQLITE_BUSY = 5;
const SQLITE_NOMEM = 7;
/** Error codes for a duplicate unique column, primary key or row id. */
const taken: readonly (number | undefined)[] = [2067, 1555, 2579];

/** An error of SQLite's or of ours, as sent over the socket. */
export function wireError(error: unknown): WireError {
  const { message } = error as Error;
  if (error instanceof MillraceError) return { code: error.code, message, retryable: error.retryable };
  if (taken.includes((error as { errcode?: number }).errcode))
    return { code: "already_exists", message: "This record already exists.", retryable: false };
  const kind = kindOf(error);
  if (kind === SQLITE_FULL || kind === SQLITE_IOERR) return fullError();
  return { code: "internal", message, retryable: kind === SQLITE_BUSY || kind === SQLITE_NOMEM };
}

/** The refusal of a single call, while the rest of its transaction continues. */
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

/** The primary result code, without the extended part, which names the operation, such as a failed fsync. */
function kindOf(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

/**
 * Checks that the database file still exists under its name: writes to a deleted file would be lost with the process.
 */
export function fileCheck(path: string): () => void {
  const { ino: opened } = statSync(path, { bigint: true });
  return () => {
    if (statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === opened) return;
    throw new MillraceError(
      "unavailable",
      "The database file was removed or replaced while Millrace was running, so nothing more is recorded. Stop Millrace and restore the data folder from a backup.",
    );
  };
}
