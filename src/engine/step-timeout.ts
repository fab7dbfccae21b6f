import { MillraceError } from "../errors.ts";

/** The time of an attempt is over: the reason with which its signal is aborted. */
export class StepTimeout extends MillraceError {
  readonly step: string;
  readonly limitMs: number;

  /** @param computedMs processor time that the attempt used, when it used so much that another would be in vain */
  constructor(step: string, limitMs: number, computedMs: number | null = null) {
    const limit = `${limitMs / 1000} s`;
    super(
      "step_timeout",
      computedMs === null
        ? `The step ${step} took longer than ${limit}.`
        : `The step ${step} took longer than ${limit}, of which it computed for ${Math.round(computedMs / 1000)} s: another attempt would take as long. Send a smaller file, or raise timeoutMs of the step.`,
      computedMs === null ? {} : { retryable: false },
    );
    this.step = step;
    this.limitMs = limitMs;
  }
}

/** What ended an attempt: the reason of its signal, unless the process that ran its step knows more of a timeout. */
export function causeOf(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted && !(error instanceof StepTimeout) ? signal.reason : error;
}
