import { MillraceError } from "../errors.ts";

/** Rejects a file as soon as more than `maxBytes` of it have arrived. */
export function checkSize(bytes: number, maxBytes: number | undefined): void {
  if (maxBytes === undefined || bytes <= maxBytes) return;
  throw new MillraceError(
    "file_too_large",
    `The file is larger than the limit of ${maxBytes} bytes (received at least ${bytes}).`,
    { extra: { limit: maxBytes } },
  );
}

/** A signal's abort reason as an error: the reason may be any value. */
export function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException("The operation was aborted", "AbortError");
}
