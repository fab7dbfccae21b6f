import type { FileRef } from "../domain/records.ts";
import { MillraceError } from "../errors.ts";
import type { Accepted } from "../pipeline/accepts.ts";
import type { RefusedFile } from "./engine.ts";

type Judged = Pick<FileRef, "name" | "mediaType" | "bytes">;

/** Why a pipeline does not accept a file; `null` if it does. */
export function fileFault(file: Judged, accepts: Accepted): MillraceError | null {
  return (
    sizeFault(file, accepts.maxFileBytes) ??
    kindFault({ ...file, isEmpty: file.bytes === 0 }, accepts.mediaTypes)
  );
}

function sizeFault({ name, bytes }: Judged, limit: number): MillraceError | null {
  if (bytes <= limit) return null;
  const text = `"${name}" has ${bytes} bytes. The limit is ${limit}.`;
  return new MillraceError("file_too_large", text, { extra: { file: name, limit } });
}

/** What the first bytes of a file can tell. */
export function kindFault(
  { name, mediaType, isEmpty }: Pick<Judged, "name" | "mediaType"> & { isEmpty: boolean },
  accepted: readonly string[],
): MillraceError | null {
  if (accepted.includes("*") || accepted.includes(mediaType)) return null;
  if (isEmpty) {
    return new MillraceError("unsupported_media", `"${name}" is empty.`, {
      extra: { file: name, mediaType, accepted },
    });
  }
  const kind = mediaType === "application/octet-stream" ? "of an unknown type" : mediaType;
  const text = `The content of "${name}" is ${kind}. Accepted types are ${accepted.join(", ")}.`;
  return new MillraceError("unsupported_media", text, { extra: { file: name, mediaType, accepted } });
}

/** Whether an error concerns only one file and its content, so that a request can go on without it. */
export function isFileFault(error: unknown): error is MillraceError {
  return (
    error instanceof MillraceError && (error.code === "unsupported_media" || error.code === "file_too_large")
  );
}

export function refusedFile(name: string, { code, message }: MillraceError): RefusedFile {
  return { name, error: { code, message } };
}
