import { PermanentError } from "../../pipeline/control.ts";

/** A number as it is read: `12,345`, `51.2`, `0.015`. */
export function inWords(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 1 ? 3 : 1 });
}

export function undecodable(message: string, cause?: unknown): PermanentError {
  return new PermanentError("undecodable_file", message, { cause });
}

export function tooManyPixels(message: string): PermanentError {
  return new PermanentError("too_many_pixels", message);
}

/**
 * What an error of sharp means for the file. Running out of memory is the machine's trouble and comes back
 * unchanged, so that it is tried again; anything else is the same at every try.
 * @param what the file in words: "The file", "The watermark image"
 */
export function fileFailure(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof PermanentError) return error;
  const text = error.message;
  if (/out of memory|alloc|ENOMEM|too many open files/i.test(text)) return error;
  if (/exceeds pixel limit|pixel limit|dimensions? too large/i.test(text)) {
    return new PermanentError("too_many_pixels", `${what} has more pixels than are allowed.`, {
      cause: error,
    });
  }
  if (TRUNCATED.test(text)) return cutOff(what, error);
  return undecodable(`${what} is damaged and cannot be decoded.`, error);
}

export function cutOff(what: string, cause?: unknown): PermanentError {
  return undecodable(`${what} is cut off: its end is missing. Upload it again from a complete copy.`, cause);
}

const TRUNCATED = /premature end|truncated|end of file|unexpected end|read error/i;
