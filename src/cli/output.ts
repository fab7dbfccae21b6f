import { Problem } from "../client/index.ts";
import { masked } from "../domain/masking.ts";
import { MillraceError } from "../errors.ts";

/** What the process ends with. */
export const exitCode = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const meanings: [code: number, meaning: string][] = [
  [exitCode.ok, "all is well"],
  [exitCode.failed, "something failed: a job, one of its items, a check, or the request"],
  [exitCode.usage, "wrong usage or configuration: nothing was done"],
  [exitCode.interrupted, "interrupted by Ctrl-C or a signal"],
];

/** For the help. */
export const exitCodeTable = meanings
  .map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`)
  .join("\n");

/** What was asked for cannot be meant: it ends the command with the code of wrong usage. */
export function usageError(message: string): MillraceError {
  return new MillraceError("config_invalid", message);
}

/** Ends the command with one line that says what is wrong; a fault of ours shows where it happened. */
export function fail(error: unknown): never {
  if (error instanceof MillraceError || error instanceof Problem) {
    console.error(`millrace: ${masked(messageOf(error))}`);
  } else console.error(error);
  const usage = error instanceof MillraceError && error.code === "config_invalid";
  process.exit(usage ? exitCode.usage : exitCode.failed);
}

/** What went wrong, and what to do about it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof Problem && error.code === "network"
    ? `${error.message} ${NO_SERVER}`
    : error.message;
}

const NO_SERVER = "Start it with `millrace start`, or name another with --server or MILLRACE_SERVER.";

/** The one document that `--json` promises. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
