import { MillraceError } from "../errors.ts";

/** The attempt timed out: the reason with which its signal is aborted. */
export class StepTimeout extends MillraceError {
  readonly step: string;
  readonly limitMs: number;

  /** @param computedMs CPU time of the attempt, if it used so much that a retry would be pointless */
  constructor(step: string, limitMs: number, computedMs: number | null = null) {
    const limit = `${limitMs / 1000} s`;
    super(
      "step_timeout",
      computedMs === null
        ? `The step ${step} took longer than ${limit}.`
        : `The step ${step} took longer than ${limit} and used the processor for ${Math.round(computedMs / 1000)} s of it, so another attempt would take as long. Send a smaller file, or raise timeoutMs of the step.`,
      computedMs === null ? {} : { retryable: false },
    );
    this.step = step;
    this.limitMs = limitMs;
  }
}

/** What ended an attempt: its signal's reason, unless the process that ran the step knows more about the timeout. */
export function causeOf(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted && !(error instanceof StepTimeout) ? signal.reason : error;
}
