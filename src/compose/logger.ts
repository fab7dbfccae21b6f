import { type Logger, pino } from "pino";
import { masked } from "../domain/masking.ts";
import type { StepLog } from "../pipeline/context.ts";
import { logDestination } from "./log-destination.ts";

const STDERR = 2;

/** A JSON log on standard error, without passwords; standard output is for answers. */
export function createLogger(level: string, role: string) {
  const base = { role, pid: process.pid };
  const lost = (lines: number) => {
    const msg = `${lines} lines of this log were lost because they could not be written`;
    return `${JSON.stringify({ level: 40, time: Date.now(), ...base, msg })}\n`;
  };
  const destination = logDestination(STDERR, lost);
  process.on("exit", () => destination.end());
  return {
    logger: pino({ level, base, hooks: { streamWrite: masked } }, destination),
    takeLostLines: () => destination.takeLost(),
  };
}

/** The signature that steps and the engine use: message first. */
export function stepLog(logger: Logger): StepLog {
  return {
    debug: (message, details) => logger.debug(details ?? {}, message),
    info: (message, details) => logger.info(details ?? {}, message),
    warn: (message, details) => logger.warn(details ?? {}, message),
    error: (message, details) => logger.error(details ?? {}, message),
  };
}
