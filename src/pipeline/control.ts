import { type ErrorCode, MillraceError } from "../errors.ts";

/** Thrown by a step: this will fail however often it is tried. The message is shown to the client. */
export class PermanentError extends MillraceError {
  /** The step gave up on work that cannot be stopped and still runs: an isolated step's process is replaced. */
  readonly abandonsWork: boolean;

  constructor(code: ErrorCode, message: string, details: { cause?: unknown; abandonsWork?: boolean } = {}) {
    super(code, message, { cause: details.cause, retryable: false });
    this.name = "PermanentError";
    this.abandonsWork = details.abandonsWork ?? false;
  }
}

/** Thrown by a step: try again, charged as an attempt, not before `afterMs` where the other side asked for it. */
export class RetryableError extends MillraceError {
  readonly afterMs: number | undefined;

  constructor(message: string, details: { afterMs?: number; code?: ErrorCode; cause?: unknown } = {}) {
    super(details.code ?? "step_failed", message, { cause: details.cause, retryable: true });
    this.name = "RetryableError";
    this.afterMs = details.afterMs;
  }
}

/** Thrown by a step: not now. The task comes back after `afterMs` and no attempt is charged. */
export class Snooze extends Error {
  readonly afterMs: number;

  constructor(afterMs: number) {
    super(`snoozed for ${afterMs} ms`);
    this.name = "Snooze";
    this.afterMs = afterMs;
  }
}
