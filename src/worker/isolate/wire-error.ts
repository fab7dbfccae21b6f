import { catalogue, type ErrorCode, MillraceError } from "../../errors.ts";
import { PermanentError, RetryableError, Snooze } from "../../pipeline/control.ts";

/** An error in transit between processes. It keeps what the error means for the attempt, but not its cause. */
export type WireError =
  | { type: "snooze"; afterMs: number }
  | { type: "retryable"; code: MillraceError["code"]; message: string; afterMs: number | undefined }
  | { type: "millrace"; code: MillraceError["code"]; message: string; retryable: boolean }
  | { type: "other"; name: string; message: string; code: string | undefined; stack: string | undefined };

export function toWire(error: unknown): WireError {
  if (error instanceof Snooze) return { type: "snooze", afterMs: error.afterMs };
  if (error instanceof RetryableError) {
    const { code, message, afterMs } = error;
    return { type: "retryable", code, message, afterMs };
  }
  if (error instanceof MillraceError) {
    const { code, message, retryable } = error;
    return { type: "millrace", code, message, retryable };
  }
  if (!(error instanceof Error)) {
    return { type: "other", name: "Error", message: String(error), code: undefined, stack: undefined };
  }
  const { name, message, stack } = error;
  const { code } = error as NodeJS.ErrnoException;
  return { type: "other", name, message, code: code === undefined ? undefined : String(code), stack };
}

export function fromWire(wire: WireError): Error {
  switch (wire.type) {
    case "snooze":
      return new Snooze(wire.afterMs);
    case "retryable":
      return new RetryableError(wire.message, { code: wire.code, afterMs: wire.afterMs });
    case "millrace":
      return wire.code in catalogue
        ? new MillraceError(wire.code as ErrorCode, wire.message, { retryable: wire.retryable })
        : new PermanentError(wire.code, wire.message);
    case "other": {
      const { name, message, code, stack } = wire;
      return Object.assign(new Error(message), { name, stack, ...(code === undefined ? {} : { code }) });
    }
  }
}
