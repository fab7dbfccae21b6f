import { pino } from "pino";
import { masked } from "../domain/masking.ts";
import type { StepLog } from "../pipeline/context.ts";

/** A JSON log on standard error, without passwords; standard output is for answers. */
export function createLogger(level: string, role: string) {
  const hooks = { streamWrite: masked };
  return pino({ level, base: { role, pid: process.pid }, hooks }, pino.destination({ fd: 2, sync: false }));
}

/** The shape that steps and the engine use: message first. */
export function stepLog(logger: ReturnType<typeof createLogger>): StepLog {
  return {
    debug: (message, details) => logger.debug(details ?? {}, message),
    info: (message, details) => logger.info(details ?? {}, message),
    warn: (message, details) => logger.warn(details ?? {}, message),
    error: (message, details) => logger.error(details ?? {}, message),
  };
}
