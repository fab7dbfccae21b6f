import type { Spread } from "./groups.ts";

export { ms } from "../load/text.ts";

/** Formats with at most three significant digits. */
export function number(value: number): string {
  if (Number.isInteger(value)) return grouped(String(value));
  const size = Math.abs(value);
  return grouped(size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2));
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)}%`;
}

/** `6 (5–8)`. Only the number for a single round, or if all rounds agree. */
export function spread(found: Spread | null, format: (value: number) => string = number): string {
  if (!found) return "–";
  const [median, least, greatest] = [found.median, found.least, found.greatest].map(format);
  return least === greatest ? median! : `${median} (${least}–${greatest})`;
}

/** `4`, or `4 to 5`. */
export function range(values: readonly number[]): string {
  const [least, greatest] = [Math.min(...values), Math.max(...values)].map(number);
  return least === greatest ? least! : `${least} to ${greatest}`;
}

/** `a, b and c`. */
export function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

export function counted(count: number, word: string): string {
  return `${number(count)} ${word}${count === 1 ? "" : "s"}`;
}

function grouped(text: string): string {
  const [whole = "", rest] = text.split(".");
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? thousands : `${thousands}.${rest}`;
}
