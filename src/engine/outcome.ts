import type { Outcome } from "../domain/commands.ts";
import { isRetryable, MillraceError } from "../errors.ts";
import { RetryableError, Snooze } from "../pipeline/control.ts";

/** Whose fault it is that a store, blob store or broker cannot be used: nobody's, so no attempt is charged. */
const OUTAGES = new Set(["unavailable", "closed", "storage_full"]);
const OUTAGE_MS = 2_000;

/** What a thrown value means for the attempt. */
export function outcomeOf(error: unknown, ms: number): Outcome {
  if (error instanceof Snooze) return { kind: "returned", delayMs: Math.max(1, wholeMs(error.afterMs)) };
  if (error instanceof RetryableError) {
    return failed(error.code, error.message, true, ms, error.afterMs);
  }
  if (error instanceof MillraceError) {
    if (OUTAGES.has(error.code)) return { kind: "returned", delayMs: OUTAGE_MS };
    return failed(error.code, error.message, error.retryable, ms);
  }
  const message = error instanceof Error ? error.message : String(error);
  return failed(
    "step_failed",
    message.slice(0, 2_000) || "The step failed without a message.",
    isRetryable(error),
    ms,
  );
}

function failed(
  code: string,
  message: string,
  retryable: boolean,
  ms: number,
  retryAfterMs?: number,
): Outcome {
  return {
    kind: "failed",
    error: { code, message },
    retryable,
    random: Math.random(),
    ms,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: wholeMs(retryAfterMs) }),
  };
}

const LONGEST_MS = 365 * 24 * 3_600_000;

/** A step may have computed any number; the records keep times as whole milliseconds. */
function wholeMs(ms: number): number {
  return Number.isNaN(ms) ? 0 : Math.ceil(Math.min(LONGEST_MS, Math.max(0, ms)));
}
