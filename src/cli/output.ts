import { masked } from "../domain/masking.ts";
import { MillraceError } from "../errors.ts";

/** What the process ends with. */
export const exitCode = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** What was asked for cannot be meant: it ends the command with the code of wrong usage. */
export function usageError(message: string): MillraceError {
  return new MillraceError("config_invalid", message);
}

/** Ends the command with one line that says what is wrong; a fault of ours shows where it happened. */
export function fail(error: unknown): never {
  if (error instanceof MillraceError) console.error(`millrace: ${masked(error.message)}`);
  else console.error(error);
  const usage = error instanceof MillraceError && error.code === "config_invalid";
  process.exit(usage ? exitCode.usage : exitCode.failed);
}

/** The one document that `--json` promises. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
