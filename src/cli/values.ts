import { InvalidArgumentError } from "commander";

/*
 * What reads the values of flags. Anything that cannot be meant is wrong usage: the command ends before it asks a
 * server.
 */

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** One or several of some words, separated by commas. */
export function someOf(words: readonly string[]): (text: string) => string {
  return (text) => {
    const given = text.split(",").map((word) => word.trim());
    const unknown = given.find((word) => !words.includes(word));
    if (unknown === undefined) return given.join(",");
    throw new InvalidArgumentError(`"${unknown.slice(0, 80)}" is none of ${words.join(", ")}.`);
  };
}
