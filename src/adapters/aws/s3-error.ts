import { NoSuchKey, S3ServiceException } from "@aws-sdk/client-s3";
import { whyUnreachable } from "../../domain/unreachable.ts";
import { MillraceError } from "../../errors.ts";
import type { S3Location } from "./s3-location.ts";

const FULL = new Set(["QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "InsufficientCapacity"]);

/** Rethrows the store's error as one of the catalog; for use as a `catch` handler. */
export function asS3Error(cause: unknown): never {
  if (cause instanceof MillraceError) throw cause;
  if (cause instanceof NoSuchKey) throw goneError(cause);
  const name = cause instanceof Error ? cause.name : "unknown error";
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  if (name === "InvalidRange" || status === 416) {
    throw new MillraceError("range_not_satisfiable", "The range lies outside the file.", { cause });
  }
  if (FULL.has(name) || status === 507) {
    throw new MillraceError("storage_full", "The object store is full.", { cause });
  }
  throw new MillraceError("unavailable", `The object store cannot be used (${name}).`, { cause });
}

/** For the first calls: an error that no retry can fix is a configuration error. Names the address and the cause. */
export function asOpeningError(cause: unknown, { bucket, endpoint, region }: S3Location): never {
  if (cause instanceof MillraceError) throw cause;
  const name = cause instanceof Error ? cause.name : "";
  const service = endpoint ? `The object store at ${endpoint}` : `Amazon S3 in ${region}`;
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  const wrong = (reason: string) => new MillraceError("config_invalid", reason, { cause });
  if (name === "CredentialsProviderError") throw wrong(`No credentials for ${lower(service)} were found.`);
  if (status === 404) throw wrong(`${service} has no bucket "${bucket}".`);
  if (status === 403)
    throw wrong(`${service} rejects the credentials, or they do not give access to the bucket "${bucket}".`);
  if (status === 301) throw wrong(`${service} says that the bucket "${bucket}" is in another region.`);
  if (status === 501)
    throw wrong(`${service} does not support lifecycle rules. Remove lifecycle=true from the URL.`);
  const why = status === undefined ? whyUnreachable(cause) : `it answered ${status} ${name}`;
  throw new MillraceError("unavailable", `${service} cannot be used: ${why}.`, { cause });
}

function lower(service: string): string {
  return service.replace(/^The/, "the");
}

export function goneError(cause?: unknown): MillraceError {
  return new MillraceError("gone", "The file is no longer in the object store.", { cause });
}
