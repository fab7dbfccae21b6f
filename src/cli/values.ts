import { InvalidArgumentError } from "commander";

/*
 * Parsers for flag values. Nonsensical values are usage errors, reported before any request.
 */

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Comma-separated words from a list. */
export function someOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    const given = text.split(",").map((word) => word.trim());
    const unknown = given.find((word) => !words.includes(word));
    if (unknown === undefined) return given.join(",");
    throw new InvalidArgumentError(`"${unknown.slice(0, 80)}" is not one of ${words.join(", ")}.`);
  };
}

/** Collects the values of a flag that can be repeated. */
export function repeatable(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}

const MS_OF: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A duration such as `500ms`, `30s`, `5m` or `1h`, in milliseconds. */
export function durationOf(least: number, most: number): (text: string) => number {
  return (text) => {
    const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim()) ?? [];
    const value = Number(number) * (MS_OF[unit ?? ""] ?? Number.NaN);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError("It must be a time such as 500ms, 30s, 5m or 1h.");
  };
}

/** Two numbers separated by a colon, such as `10:120`. */
export function levels(most: number): (text: string) => { from: number; to: number } {
  return (text) => {
    const [from = Number.NaN, to = Number.NaN, more] = text
      .split(":")
      .map((part) => (/^\d{1,9}$/.test(part.trim()) ? Number(part) : Number.NaN));
    if (more === undefined && from <= most && to <= most && from + to > 0) return { from, to };
    throw new InvalidArgumentError(`It must be two numbers up to ${most}, such as 10:120.`);
  };
}
