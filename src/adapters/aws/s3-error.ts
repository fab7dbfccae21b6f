import { NoSuchKey, S3ServiceException } from "@aws-sdk/client-s3";
import { MillraceError } from "../../errors.ts";

const FULL = new Set(["QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "InsufficientCapacity"]);

/** Rethrows what the store said as an error of the catalogue; for use as a `catch` handler. */
export function asS3Error(cause: unknown): never {
  if (cause instanceof MillraceError) throw cause;
  if (cause instanceof NoSuchKey) throw goneError(cause);
  const name = cause instanceof Error ? cause.name : "unknown error";
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  if (name === "InvalidRange" || status === 416) {
    throw new MillraceError("range_not_satisfiable", "The range lies outside the file.", { cause });
  }
  if (FULL.has(name) || status === 507) {
    throw new MillraceError("storage_full", "There is no room left in the object store.", { cause });
  }
  throw new MillraceError("unavailable", `The object store cannot be used (${name}).`, { cause });
}

/** For the first calls: what no later try can mend is a fault of the configuration. */
export function asOpeningError(cause: unknown, bucket: string): never {
  const name = cause instanceof Error ? cause.name : "";
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  const wrong = (reason: string) => new MillraceError("config_invalid", reason, { cause });
  if (name === "CredentialsProviderError") throw wrong("No credentials for the object store were found.");
  if (status === 404) throw wrong(`The bucket "${bucket}" does not exist.`);
  if (status === 403) throw wrong(`The credentials are wrong, or may not use the bucket "${bucket}".`);
  if (status === 301) throw wrong(`The bucket "${bucket}" is in another region.`);
  if (status === 501) throw wrong("The object store has no lifecycle rules: leave out lifecycle=true.");
  asS3Error(cause);
}

export function goneError(cause?: unknown): MillraceError {
  return new MillraceError("gone", "The file is not in the object store any more.", { cause });
}
