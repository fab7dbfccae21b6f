import type { Warning } from "../domain/records.ts";

/** Most distinct warnings kept for one attempt at a step. */
export const MAX_WARNINGS = 20;
/** Longest warning message; a longer one is cut. */
export const MAX_WARNING_CHARACTERS = 500;

const CODE = /^[a-z][a-z0-9_]{0,49}$/;
const CONTROLS = /[\u0000-\u001f\u007f]+/g;

export interface Warnings {
  warn(code: string, message: string): void;
  /** The first `MAX_WARNINGS`, plus one that counts the rest. */
  list(): Warning[];
}

/** Collects the warnings of one attempt at a step. Duplicates count once. */
export function collectWarnings(): Warnings {
  const kept = new Map<string, Warning>();
  const dropped = new Set<string>();
  return {
    warn(code, message) {
      if (!CODE.test(code)) {
        throw new TypeError(
          `The warning code "${code}" must be at most 50 lower-case letters, digits and "_", with a letter first.`,
        );
      }
      const warning = { code, message: shortened(message) };
      if (warning.message === "") throw new TypeError(`The warning "${code}" needs a message.`);
      const key = `${code} ${warning.message}`;
      if (kept.has(key)) return;
      if (kept.size < MAX_WARNINGS) kept.set(key, warning);
      else dropped.add(key);
    },
    list() {
      const warnings = [...kept.values()];
      if (dropped.size === 0) return warnings;
      return [...warnings, { code: "more_warnings", message: moreOf(dropped.size) }];
    },
  };
}

function moreOf(count: number): string {
  return count === 1 ? "1 more warning is not listed." : `${count} more warnings are not listed.`;
}

function shortened(message: string): string {
  const text = message.replace(CONTROLS, " ").trim();
  if (text.length <= MAX_WARNING_CHARACTERS) return text.toWellFormed();
  return `${text.slice(0, MAX_WARNING_CHARACTERS - 1).replace(/[\ud800-\udbff]$/, "")}…`.toWellFormed();
}
