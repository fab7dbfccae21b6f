import type { Failure } from "./records.ts";

const GROUP_CHARACTERS = 160;

/**
 * Groups errors that differ only in their numbers: the first line of what operators read, with each number replaced by
 * 0.
 */
export function errorGroup(error: Failure | null): string {
  const [line = ""] = (error?.detail ?? error?.message ?? "").split("\n", 1);
  return withoutNumbers(line.slice(0, GROUP_CHARACTERS));
}

/** Text in the form used by groups: each number replaced by 0. */
export function withoutNumbers(text: string): string {
  return text.replaceAll(/[0-9]+/g, "0");
}
