import { MillraceError } from "../errors.ts";
import type { Result } from "../ports/store/jobs.ts";

/** Returns the store's answer; throws its refusal as an error. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result;
  const { code, message, retryAfter, extra } = result;
  throw new MillraceError(code, message, { retryAfter, extra });
}
