import { inspect } from "node:util";
import type { Outcome } from "../domain/commands.ts";
import { newId } from "../domain/ids.ts";
import { masked } from "../domain/masking.ts";
import type { Failure } from "../domain/records.ts";
import { isRetryable, MillraceError } from "../errors.ts";
import { RetryableError, Snooze } from "../pipeline/control.ts";
import { ChildDied } from "./isolation.ts";

/** Whose fault it is that a store, blob store or broker cannot be used: nobody's, so no attempt is charged. */
const OUTAGES = new Set(["unavailable", "closed", "storage_full"]);
const OUTAGE_MS = 2_000;
/** Errors of ours whose texts are those of a database or a setting. */
const UNFORESEEN: ReadonlySet<string> = new Set(["internal", "config_invalid"]);
/** Of what operators read of an exception: its text, and its stack trace. */
const DETAIL_CHARACTERS = 4_000;

/** What a thrown value means for the attempt. */
export function outcomeOf(error: unknown, ms: number): Outcome {
  if (error instanceof ChildDied) return { kind: "died" };
  if (error instanceof Snooze) return { kind: "returned", delayMs: Math.max(1, wholeMs(error.afterMs)) };
  if (error instanceof RetryableError) {
    return failed(error, true, ms, error.afterMs);
  }
  if (error instanceof MillraceError && isOutage(error)) {
    return { kind: "returned", delayMs: OUTAGE_MS };
  }
  return failed(error, isRetryable(error), ms);
}

export function isOutage({ code }: MillraceError): boolean {
  return OUTAGES.has(code);
}

/** What a client reads is what the step has said for clients; of anything else it gets a reference alone. */
export function failureOf(error: unknown): Failure {
  if (error instanceof MillraceError && !UNFORESEEN.has(error.code)) {
    return { code: error.code, message: error.message };
  }
  const reference = newId().slice(-12);
  return {
    code: "step_failed",
    message: `The step failed for a reason of its own. Quote ${reference} when you ask for help.`,
    detail: detailOf(error),
  };
}

/** For the log: the whole error, and what a client reads of it, which holds the reference. */
export function loggedOf(outcome: Outcome, cause?: unknown): Record<string, unknown> {
  if (outcome.kind !== "failed") return { error: (cause as Error)?.message };
  const { message, detail } = outcome.error;
  return detail === undefined ? { error: message } : { error: detail, answered: message };
}

/** The beginning of a long text, and of the stack trace after it. */
function detailOf(error: unknown): string {
  const text = masked(inspect(error));
  if (text.length <= DETAIL_CHARACTERS) return text;
  const half = DETAIL_CHARACTERS / 2;
  const stack = text.search(/\n {4}at /);
  if (stack <= half) return text.slice(0, DETAIL_CHARACTERS);
  return `${text.slice(0, half)} …${text.slice(stack, stack + half)}`;
}

function failed(error: unknown, retryable: boolean, ms: number, retryAfterMs?: number): Outcome {
  return {
    kind: "failed",
    error: failureOf(error),
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
