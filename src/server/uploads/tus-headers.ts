import type { IncomingHttpHeaders } from "node:http";
import { type Checksum, checksumAlgorithms } from "../../engine/uploads/checksum.ts";
import { MillraceError } from "../../errors.ts";

export const TUS_VERSION = "1.0.0";
export const tusExtensions =
  "creation,creation-with-upload,creation-defer-length,concatenation,expiration,checksum,termination";
/** Maximum number of uploads to concatenate. */
const MOST_PIECES = 100;

export const uploadBody = "application/offset+octet-stream";

/** Whether a body is a file or contains files, and so may take its time. */
export function isUpload(contentType: string | undefined): boolean {
  return contentType === uploadBody || /^multipart\/form-data\b/i.test(contentType ?? "");
}

export function checkVersion(headers: IncomingHttpHeaders): void {
  if (headers["tus-resumable"] === TUS_VERSION) return;
  throw new MillraceError("tus_version", `Send "Tus-Resumable: ${TUS_VERSION}".`);
}

/** Parses a header that contains a number of bytes. */
export function byteCount(headers: IncomingHttpHeaders, name: "upload-length" | "upload-offset"): number {
  const text = headers[name];
  const count = typeof text === "string" && /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(count)) return count;
  throw new MillraceError("invalid_request", `The header ${name} must be a number of bytes.`);
}

/** `Upload-Length`, or `null` if the client will send it later. */
export function fileLength(headers: IncomingHttpHeaders): number | null {
  if (headers["upload-length"] === undefined && headers["upload-defer-length"] === "1") return null;
  return byteCount(headers, "upload-length");
}

/**
 * Parses `Upload-Concat`: `null` for a regular upload, "partial" for a piece, or the ids of the pieces that make up
 * this one.
 */
export function parseConcat(header: unknown): "partial" | string[] | null {
  if (header === undefined) return null;
  if (header === "partial") return "partial";
  const [kind, list = ""] = String(header).split(";", 2);
  const ids = list
    .trim()
    .split(/\s+/)
    .map((address) => /\/v1\/uploads\/([\w-]{1,200})$/.exec(address)?.[1]);
  if (kind === "final" && ids.length <= MOST_PIECES && ids.every((id) => id !== undefined)) return ids;
  throw new MillraceError(
    "invalid_request",
    `The header upload-concat must be "partial", or "final;" and the addresses of at most ${MOST_PIECES} uploads.`,
  );
}

/** Parses `Upload-Metadata`: comma-separated pairs of a key and a Base64 value. */
export function parseMetadata(header: string): Map<string, string> {
  const entries = new Map<string, string>();
  for (const pair of header.split(",").map((text) => text.trim())) {
    if (pair === "") continue;
    const [key, value = "", ...rest] = pair.split(" ");
    if (!key || rest.length > 0 || entries.has(key) || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) {
      throw new MillraceError("invalid_request", "The header upload-metadata is malformed.");
    }
    entries.set(key, Buffer.from(value, "base64").toString());
  }
  return entries;
}

/** Parses `Upload-Checksum`: an algorithm and a Base64 digest. */
export function parseChecksum(header: unknown): Checksum | null {
  if (header === undefined) return null;
  const [, name, digest] = /^([a-z0-9]+) ([A-Za-z0-9+/]+={0,2})$/.exec(String(header)) ?? [];
  const algorithm = checksumAlgorithms.find((known) => known === name);
  if (algorithm && digest) return { algorithm, digest: Buffer.from(digest, "base64") };
  throw new MillraceError(
    "invalid_request",
    `The header upload-checksum must name one of ${checksumAlgorithms.join(", ")} and a digest in Base64.`,
  );
}
