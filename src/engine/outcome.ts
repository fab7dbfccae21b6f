import { inspect } from "node:util";
import type { Outcome } from "../domain/commands.ts";
import { newId } from "../domain/ids.ts";
import { masked } from "../domain/masking.ts";
import type { Failure } from "../domain/records.ts";
import { unexpectedMessage } from "../domain/unexpected.ts";
import { isRetryable, MillraceError } from "../errors.ts";
import { RetryableError, Snooze } from "../pipeline/control.ts";
import { ChildDied } from "./isolation.ts";

/** Outages of the store, blob store or broker: the task is not to blame, so no attempt is charged. */
const OUTAGES = new Set(["unavailable", "closed", "storage_full"]);
const OUTAGE_MS = 2_000;
/** Our errors whose text comes from a database or a setting, so clients must not see it. */
const UNFORESEEN: ReadonlySet<string> = new Set(["internal", "config_invalid"]);
/** Most characters of an exception's text and stack trace kept for operators. */
const DETAIL_CHARACTERS = 4_000;

/** The outcome that a thrown value stands for. */
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

/** Clients read only what a step intends for them; for any other error they get just a reference. */
export function failureOf(error: unknown): Failure {
  if (error instanceof MillraceError && !UNFORESEEN.has(error.code)) {
    return { code: error.code, message: error.message };
  }
  const message = unexpectedMessage(newId().slice(-12));
  return { code: "step_failed", message, detail: detailOf(error) };
}

/** For the log: the whole error, and what the client sees of it, including the reference. */
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

/** Steps may compute any number; the records keep whole milliseconds. */
function wholeMs(ms: number): number {
  return Number.isNaN(ms) ? 0 : Math.ceil(Math.min(LONGEST_MS, Math.max(0, ms)));
}
