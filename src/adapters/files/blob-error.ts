import { MillraceError } from "../../errors.ts";

/** Rethrows a file system error as one of the catalog; for use as a `catch` handler. */
export function asBlobError(cause: unknown): never {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    throw new MillraceError("storage_full", "The data folder's disk is full.", { cause });
  }
  throw new MillraceError("unavailable", `The data folder cannot be used (${code ?? "unknown error"}).`, {
    cause,
  });
}

/** The same for reading: a missing file is `gone`. */
export function asReadError(cause: unknown): never {
  if ((cause as NodeJS.ErrnoException).code === "ENOENT") throw goneError(cause);
  asBlobError(cause);
}

export function goneError(cause?: unknown): MillraceError {
  return new MillraceError("gone", "The file is no longer in the data folder.", { cause });
}
