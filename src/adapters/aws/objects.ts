import type { Readable } from "node:stream";
import { GetObjectCommand, type S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { MillraceError } from "../../errors.ts";
import type { ObjectReader } from "../../ports/objects.ts";
import { parseS3Url, s3Client } from "./s3-location.ts";

/** Reads objects of the buckets that these URLs name (see `parseS3Url`). Throws `config_invalid`. */
export function openS3Objects(urls: readonly string[]): ObjectReader {
  const clients = new Map<string, S3Client>();
  for (const url of urls) {
    const location = parseS3Url(url);
    if (!clients.has(location.bucket)) clients.set(location.bucket, s3Client(location));
  }
  return {
    async open({ bucket, key, version, etag }, signal) {
      const client = clients.get(bucket);
      if (!client) throw failed(`There are no settings for the bucket ${bucket}.`, false);
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(version !== null && { VersionId: version }),
        ...(version === null && etag !== null && { IfMatch: `"${etag}"` }),
      });
      try {
        const { Body, ContentLength } = await client.send(command, { abortSignal: signal });
        return { body: Body as Readable, bytes: ContentLength ?? null };
      } catch (error) {
        signal.throwIfAborted();
        throw objectError(error, key);
      }
    },
    async close() {
      for (const client of clients.values()) client.destroy();
    },
  };
}

/** Statuses for which a retry cannot help. */
const FINAL: Record<number, string> = {
  403: "cannot be read with these credentials",
  404: "no longer exists",
  412: "was replaced by another one",
};

function objectError(cause: unknown, key: string): MillraceError {
  const status = cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
  const final = FINAL[status ?? 0];
  if (final) return failed(`The object "${key}" ${final}.`, false, cause);
  const name = cause instanceof Error ? cause.name : "unknown error";
  return failed(`The object "${key}" cannot be read (${name}).`, true, cause);
}

function failed(text: string, retryable: boolean, cause?: unknown): MillraceError {
  return new MillraceError("fetch_failed", text, { retryable, cause });
}
