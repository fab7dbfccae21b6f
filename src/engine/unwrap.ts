import { MillraceError } from "../errors.ts";
import type { Result } from "../ports/store/jobs.ts";

/** The answer of a store, or its refusal as an error. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result;
  const { code, message, retryAfter, extra } = result;
  throw new MillraceError(code, message, { retryAfter, extra });
}
