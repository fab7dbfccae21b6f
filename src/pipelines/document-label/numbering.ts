import { groupRange } from "./groups.ts";
import type { Line } from "./lines.ts";

/** A format of question numbers at the start of a line. */
interface NumberStyle {
  name: string;
  pattern: RegExp;
  /** Bonus compared with other styles that find an equally long chain. */
  prior: number;
}

const WORDS = "문제|문항|문|예제|유제|연습\\s?문제|확인\\s?문제|question|problem|exercise|item|no\\.?|task";

const styles: readonly NumberStyle[] = [
  { name: "1.", pattern: /^\s*(\d{1,3})\s*[.．](?!\d)\s*(?=\S|$)/, prior: 0 },
  { name: "1)", pattern: /^\s*(\d{1,3})\s*[)）]\s*/, prior: -0.3 },
  { name: "1번", pattern: /^\s*(?:제\s*)?(\d{1,3})\s*번\s*[.):]?\s*/, prior: 0.5 },
  { name: "Q1", pattern: /^\s*[Qq]\s*\.?\s*(\d{1,3})\s*[.):]?\s*/, prior: 0.5 },
  {
    name: "Question 1",
    pattern: new RegExp(`^\\s*[[【(<]?\\s*(?:${WORDS})\\s*#?\\s*(\\d{1,3})\\s*[\\]】)>.:]*\\s*`, "i"),
    prior: 0.5,
  },
  { name: "[1]", pattern: /^\s*[[【<〈]\s*(\d{1,3})\s*[\]】>〉]\s*/, prior: 0 },
  { name: "(1)", pattern: /^\s*[(（]\s*(\d{1,3})\s*[)）]\s*/, prior: -1 },
  { name: "01", pattern: /^\s*(\d{1,3})(?:\s+(?=[^\s\d+\-×÷=%])|$)/, prior: -1 },
];

/** A line that begins with a number in this style. */
export interface NumberMark {
  line: number;
  number: number;
  /** The rest of the line. */
  rest: string;
  /** Distance from the column's left edge, in font sizes. */
  indent: number;
  size: number;
  /** Relative variation of font sizes by chance. */
  tolerance: number;
  /** OCR misread the number, such as `Ql` for `Q1`. */
  isGuess: boolean;
}

export interface Chain {
  style: string;
  value: number;
  marks: NumberMark[];
}

/** Costs relative to a gain of 1 per mark. Tuned on documents that no quality gate uses. */
const COST = {
  missing: 0.5,
  mostMissing: 3,
  lateStart: 0.3,
  mostLateStart: 1.5,
  indent: 0.12,
  indentChange: 0.3,
  sizeChange: 0.25,
  guess: 0.35,
  restart: 5,
  restartAtHeading: 0.4,
};

/** How many earlier marks to consider as predecessors. */
const WINDOW = 90;

/**
 * Finds the questions of a document. For each style, dynamic programming finds the most valuable chain of rising
 * numbers, and the best style wins. Numbers may start over at 1, at a low cost below a heading.
 * @param headings indexes of heading lines
 */
export function bestChain(lines: readonly Line[], headings: ReadonlySet<number>): Chain | null {
  const chains = styles.flatMap((style) => chainOf(style, lines, headings) ?? []);
  chains.sort((a, b) => b.value - a.value);
  let best = chains[0];
  for (const chain of chains.slice(1)) {
    if (best && isInside(best, chain) && chain.value > 1.5) best = chain;
  }
  return best ?? null;
}

/** Whether a chain lies within a single item of another, and so numbers choices or steps rather than questions. */
function isInside(inner: Chain, outer: Chain): boolean {
  const first = inner.marks[0]!.line;
  const last = inner.marks.at(-1)!.line;
  const before = outer.marks.findLastIndex(({ line }) => line <= first);
  if (before < 0 || outer.marks.length < 2) return false;
  const next = outer.marks[before + 1]?.line;
  return next === undefined ? inner.marks.length <= 6 : last < next;
}

function chainOf(style: NumberStyle, lines: readonly Line[], headings: ReadonlySet<number>): Chain | null {
  const marks = lines.flatMap((line, index) => markOf(style, line, index) ?? []);
  if (marks.length === 0) return null;
  const headingsUpTo = countsOf(lines.length, headings);
  const values: number[] = [];
  const previous: number[] = [];
  for (const [index, mark] of marks.entries()) {
    const own = 1 - Math.min(mark.indent, 6) * COST.indent - (mark.isGuess ? COST.guess : 0);
    values[index] = own - Math.min((mark.number - 1) * COST.lateStart, COST.mostLateStart);
    previous[index] = -1;
    for (let before = Math.max(0, index - WINDOW); before < index; before++) {
      const from = marks[before]!;
      const value = values[before]! + own - stepCost(from, mark, headingsUpTo);
      if (value > values[index]!) {
        values[index] = value;
        previous[index] = before;
      }
    }
  }
  let end = 0;
  for (const [index, value] of values.entries()) if (value > values[end]!) end = index;
  const path: NumberMark[] = [];
  for (let index = end; index >= 0; index = previous[index]!) path.unshift(marks[index]!);
  return { style: style.name, value: values[end]! + style.prior, marks: path };
}

function stepCost(from: NumberMark, to: NumberMark, headingsUpTo: readonly number[]): number {
  const look =
    Math.min(Math.abs(from.indent - to.indent), 6) * COST.indentChange +
    (Math.abs(from.size - to.size) > to.tolerance * Math.max(from.size, to.size) ? COST.sizeChange : 0);
  if (to.number > from.number) {
    const missing = to.number - from.number - 1;
    return look + Math.min(missing * COST.missing, COST.mostMissing);
  }
  if (to.number !== 1) return Number.POSITIVE_INFINITY;
  const isBelowHeading = headingsUpTo[to.line]! > headingsUpTo[from.line]!;
  return look + (isBelowHeading ? COST.restartAtHeading : COST.restart);
}

function markOf({ pattern }: NumberStyle, line: Line, index: number): NumberMark | null {
  if (groupRange(line.text)) return null;
  const exact = pattern.exec(line.text);
  const repaired = exact || !line.isRead ? null : repairedNumber(line.text);
  const found = exact ?? (repaired === null ? null : pattern.exec(repaired));
  if (!found) return null;
  const number = Number(found[1]);
  if (number < 1 || number > 300) return null;
  const size = line.size || 10;
  const indent = Math.max(0, line.left - line.columnLeft) / size;
  const rest = (repaired ?? line.text).slice(found[0].length);
  const tolerance = line.isRead ? 0.5 : 0.1;
  return { line: index, number, rest, indent, size, tolerance, isGuess: exact === null };
}

/** What OCR mistakes digits for, and the character after a number. */
const MISREAD: { [read: string]: string } = {
  l: "1",
  I: "1",
  "|": "1",
  "!": "1",
  i: "1",
  O: "0",
  o: "0",
  S: "5",
  s: "5",
  B: "8",
  Z: "2",
  z: "2",
  g: "9",
};
const NUMBER_START =
  /^(\s*(?:[Qq0]\s*\.?\s*|question\s+|(?:문제|문항)\s*|\[\s*)?)([\dlI|!iOoSsBZzg]{1,3})(\s*[.,:)\]번]|(?=\s))/i;

/** Restores the number at the start of a line as it may have been printed. `null` if there is none. */
function repairedNumber(text: string): string | null {
  const found = NUMBER_START.exec(text);
  if (!found) return null;
  const [all, before, digits, after] = found as unknown as [string, string, string, string];
  if (!/\d/.test(digits) && digits.length > 1) return null;
  const number = [...digits].map((one) => MISREAD[one] ?? one).join("");
  const start = before.replace(/^(\s*)0(?=\s*\.?\s*$)/, "$1Q");
  return start + number + after.replace(",", ".") + text.slice(all.length);
}

function countsOf(length: number, headings: ReadonlySet<number>): number[] {
  const counts: number[] = [];
  for (let index = 0, count = 0; index < length; index++) {
    if (headings.has(index)) count++;
    counts.push(count);
  }
  return counts;
}
