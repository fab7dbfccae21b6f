import type { FileRef } from "../domain/records.ts";
import { MillraceError } from "../errors.ts";
import type { Accepted } from "../pipeline/accepts.ts";
import type { RefusedFile } from "./engine.ts";

type Judged = Pick<FileRef, "name" | "mediaType" | "bytes">;

/** Why a pipeline does not accept a file; `null` when it does. */
export function fileFault(file: Judged, accepts: Accepted): MillraceError | null {
  return sizeFault(file, accepts.maxFileBytes) ?? kindFault(file, accepts.mediaTypes);
}

function sizeFault({ name, bytes }: Judged, limit: number): MillraceError | null {
  if (bytes <= limit) return null;
  const text = `"${name}" has ${bytes} bytes; accepted are files of at most ${limit}.`;
  return new MillraceError("file_too_large", text, { extra: { file: name, limit } });
}

/** Known from a file's first bytes. */
export function kindFault(
  { name, mediaType }: Pick<Judged, "name" | "mediaType">,
  accepted: readonly string[],
): MillraceError | null {
  if (accepted.includes("*") || accepted.includes(mediaType)) return null;
  const kind = mediaType === "application/octet-stream" ? "of an unknown kind" : mediaType;
  const text = `"${name}" is ${kind} by its content; accepted are ${accepted.join(", ")}.`;
  return new MillraceError("unsupported_media", text, { extra: { file: name, mediaType, accepted } });
}

/** Whether an error is about one file and its content, so that a request can go on without it. */
export function isFileFault(error: unknown): error is MillraceError {
  return (
    error instanceof MillraceError && (error.code === "unsupported_media" || error.code === "file_too_large")
  );
}

export function refusedFile(name: string, { code, message }: MillraceError): RefusedFile {
  return { name, error: { code, message } };
}
