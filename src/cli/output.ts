import { Problem } from "../client/index.ts";
import { masked } from "../domain/masking.ts";
import { MillraceError } from "../errors.ts";

export const exitCode = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const meanings: [code: number, meaning: string][] = [
  [exitCode.ok, "success"],
  [exitCode.failed, "a job, an item, a check or a request failed"],
  [exitCode.usage, "wrong usage or configuration"],
  [exitCode.interrupted, "interrupted by Ctrl-C or a signal"],
];

/** For the help text. */
export const exitCodeTable = meanings
  .map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`)
  .join("\n");

/** An error that exits with the code for wrong usage. */
export function usageError(message: string): MillraceError {
  return new MillraceError("config_invalid", message);
}

/** Exits with one line that says what is wrong. For unexpected errors, also prints the stack. */
export function fail(error: unknown): never {
  if (error instanceof MillraceError || error instanceof Problem) {
    console.error(`millrace: ${masked(messageOf(error))}`);
  } else console.error("millrace: Unexpected error:", error);
  const usage = error instanceof MillraceError && error.code === "config_invalid";
  process.exit(usage ? exitCode.usage : exitCode.failed);
}

/** The error's message, with advice. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof Problem && error.code === "network"
    ? `${error.message} ${NO_SERVER}`
    : error.message;
}

const NO_SERVER =
  "Start it with `millrace start`, or choose another server with --server or MILLRACE_SERVER.";

/** Prints the only document that `--json` outputs. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
