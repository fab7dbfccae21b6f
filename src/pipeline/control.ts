import { type AnyCode, catalogue, type ErrorCode, MillraceError } from "../errors.ts";

const CODE = /^[a-z][a-z0-9_]{0,49}$/;

/** A step's error with its own code, or with one from the catalog. */
class StepError extends MillraceError {
  override readonly code: AnyCode;

  constructor(code: AnyCode, message: string, details: { cause?: unknown; retryable: boolean }) {
    if (!CODE.test(code)) {
      throw new TypeError(
        `The error code "${code}" must be at most 50 lower-case letters, digits and "_", with a letter first.`,
      );
    }
    super(code in catalogue ? (code as ErrorCode) : "step_failed", message, details);
    this.code = code;
  }
}

/**
 * Thrown by a step: a retry cannot help. The client sees the message and the code, which consists of lowercase
 * letters, digits and `_`, such as `no_face`.
 */
export class PermanentError extends StepError {
  /** Work that was abandoned but cannot be stopped is still running, so the isolated step's process is replaced. */
  readonly abandonsWork: boolean;

  constructor(code: AnyCode, message: string, details: { cause?: unknown; abandonsWork?: boolean } = {}) {
    super(code, message, { cause: details.cause, retryable: false });
    this.name = "PermanentError";
    this.abandonsWork = details.abandonsWork ?? false;
  }
}

/** Thrown by a step: retry, which uses up an attempt, and not before `afterMs` if the other side asked for that. */
export class RetryableError extends StepError {
  readonly afterMs: number | undefined;

  constructor(message: string, details: { afterMs?: number; code?: AnyCode; cause?: unknown } = {}) {
    super(details.code ?? "step_failed", message, { cause: details.cause, retryable: true });
    this.name = "RetryableError";
    this.afterMs = details.afterMs;
  }
}

/** Thrown by a step: not now. The task comes back after `afterMs`, without using up an attempt. */
export class Snooze extends Error {
  readonly afterMs: number;

  constructor(afterMs: number) {
    super(`snoozed for ${afterMs} ms`);
    this.name = "Snooze";
    this.afterMs = afterMs;
  }
}
