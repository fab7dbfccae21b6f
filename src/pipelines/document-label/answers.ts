import { squeeze } from "./choices.ts";
import { isAnswerHeading } from "./headings.ts";
import type { Line } from "./lines.ts";
import { bestChain } from "./numbering.ts";

/** What the answer section of a document says about one question. */
export interface Answer {
  number: number;
  /** Index of its run of rising numbers, because numbers may start over in each section. */
  run: number;
  /** The heading above it. `null` if there is none besides 정답 or Answer Key. */
  heading: string | null;
  answer: string | null;
  explanation: string | null;
  /** The answer is a circled number that OCR found but could not read, so it is unknown. */
  isUntold: boolean;
  lines: Line[];
}

const SHORT = "[①-⑩○×OXＯ]|\\(?[A-Ea-e1-9]\\)?|[ㄱ-ㅎ](?:\\s*,\\s*[ㄱ-ㅎ])*|[TF]|True|False|참|거짓";
const PAIR = new RegExp(`(?<=^|\\s|,)(\\d{1,3})\\s*[.):번\\]]?\\s*[-–:]?\\s*(${SHORT})(?=\\s|$|,)`, "g");
const WORD = /^(?:[[【(<]?\s*(?:정답|답|answer|ans)\s*[\]】)>]?\s*[:：.]?\s*)/i;
const EXPLAINS = /[[【(<]?\s*(?:해설|풀이|explanation|solution|rationale)\s*[\]】)>]?\s*[:：]?\s*/i;

/**
 * Parses the answers after 정답, 해설 or Answer Key, with the same numbering chains as the questions.
 * @param headings indexes of the lines that are section headings
 */
export function readAnswers(lines: readonly Line[], headings: ReadonlySet<number>): Answer[] {
  const expanded = expand(lines, headings);
  const found: Answer[] = [];
  // 정답 and 해설 may be separate lists.
  let from = 0;
  for (let at = 0; at <= expanded.lines.length; at++) {
    const isEnd = at === expanded.lines.length;
    if (!isEnd && !isAnswerHeading(expanded.lines[at]!.text)) continue;
    const isExplanation =
      from > 0 && /^\W*(?:해설|풀이|explanations?|solutions?)\W*$/i.test(expanded.lines[from - 1]!.text);
    found.push(
      ...readList(expanded.lines.slice(from, at), shifted(expanded.headings, from, at), isExplanation),
    );
    from = at + 1;
  }
  return found;
}

function shifted(headings: ReadonlySet<number>, from: number, to: number): Set<number> {
  return new Set([...headings].filter((at) => at >= from && at < to).map((at) => at - from));
}

function readList(lines: readonly Line[], headings: ReadonlySet<number>, isExplanation: boolean): Answer[] {
  const chain = bestChain(lines, headings);
  if (!chain) return [];
  let run = 0;
  return chain.marks.map((mark, index) => {
    const before = chain.marks[index - 1];
    if (before && mark.number <= before.number) run++;
    let end = chain.marks[index + 1]?.line ?? lines.length;
    for (const at of headings) if (at > mark.line && at < end) end = at;
    const heading = [...headings].filter((at) => at < mark.line).at(-1);
    const own = [{ ...lines[mark.line]!, text: mark.rest }, ...lines.slice(mark.line + 1, end)];
    return {
      number: mark.number,
      run,
      heading: heading === undefined ? null : squeeze(lines[heading]!.text),
      ...withoutGuess(isExplanation ? explanationAlone(own) : answerOf(own), own[0]!),
      lines: lines.slice(mark.line, end),
    };
  });
}

/** Circled numbers on a scan are guessed from their order, which says nothing about an answer. */
export function isGuess(answer: string, { isRead }: Line): boolean {
  return isRead && /^[①-⑳]/.test(answer);
}

function withoutGuess(found: Pick<Answer, "answer" | "explanation">, line: Line) {
  const isUntold = isGuess(found.answer ?? "", line);
  return { ...found, answer: isUntold ? null : found.answer, isUntold };
}

function explanationAlone(lines: readonly Line[]): Pick<Answer, "answer" | "explanation"> {
  const text = squeeze(lines.map((line) => line.text).join(" "));
  if (WORD.test(text)) return answerOf(lines);
  return { answer: null, explanation: text === "" ? null : text };
}

function answerOf(lines: readonly Line[]): Pick<Answer, "answer" | "explanation"> {
  const [first = "", ...rest] = lines.map(({ text }) => text.trim()).filter((text) => text !== "");
  const stated = first.replace(WORD, "");
  const below = rest.join(" ");
  const mark = new RegExp(`^(${SHORT})(?=\\s|$|[.,)])\\s*[.,]?\\s*`).exec(stated);
  const inline = EXPLAINS.exec(stated);
  // "③ 글의 흐름으로 보아 …": the mark is the answer, and the rest explains it.
  if (mark && (inline === null || inline.index >= mark[1]!.length)) {
    const behind = stated.slice(mark[1]!.length);
    const after = stated.slice(mark[0].length).replace(EXPLAINS, "");
    // The "a" of "a chemical bond" is not a choice.
    const isAlone =
      !/^[a-zA-Z]/.test(mark[1]!) ||
      /^(?:\s*$|\s{2,}|\s*[.),(]|\s*[-–])/.test(behind) ||
      inline?.index === mark[0].length;
    if (isAlone) {
      return { answer: mark[1]!, explanation: textOrNull(`${after} ${below.replace(EXPLAINS, "")}`) };
    }
  }
  const cut = inline?.index ?? stated.length;
  const explained = inline ? stated.slice(cut + inline[0].length) : "";
  const belowExplains = EXPLAINS.exec(below);
  if (belowExplains && !inline) {
    return {
      answer: textOrNull(`${stated} ${below.slice(0, belowExplains.index)}`),
      explanation: textOrNull(below.slice(belowExplains.index + belowExplains[0].length)),
    };
  }
  if (inline)
    return { answer: textOrNull(stated.slice(0, cut)), explanation: textOrNull(`${explained} ${below}`) };
  return { answer: textOrNull(`${stated} ${below}`), explanation: null };
}

function textOrNull(text: string): string | null {
  const found = squeeze(text);
  return found === "" ? null : found;
}

/** Splits lines with several answers, and pairs a row of numbers with the row of answers below it. */
function expand(
  lines: readonly Line[],
  headings: ReadonlySet<number>,
): { lines: Line[]; headings: Set<number> } {
  const found: Line[] = [];
  const moved = new Set<number>();
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const pairs = pairsOf(line.text) ?? tablePairs(line.text, lines[index + 1]?.text);
    if (!pairs) {
      if (headings.has(index)) moved.add(found.length);
      found.push(line);
      continue;
    }
    if (!pairs.inLine) index++;
    for (const [number, answer] of pairs.pairs)
      found.push({ ...line, left: line.columnLeft, text: `${number}. ${answer}` });
  }
  return { lines: found, headings: moved };
}

interface Pairs {
  pairs: [string, string][];
  inLine: boolean;
}

function pairsOf(text: string): Pairs | null {
  const found = [...text.matchAll(PAIR)];
  if (found.length < 2) return null;
  const covered = found.reduce((sum, [all]) => sum + all.replace(/\s/g, "").length, 0);
  if (covered < text.replace(/[\s,|/]/g, "").length * 0.85) return null;
  return { pairs: found.map(([, number, answer]) => [number!, answer!]), inLine: true };
}

function tablePairs(numbers: string, answers: string | undefined): Pairs | null {
  if (answers === undefined) return null;
  const heads = cells(numbers);
  const below = cells(answers);
  if (heads.length < 3 || heads.length !== below.length) return null;
  const rising = heads.every((head, index) => {
    return (
      /^\d{1,3}[.)번]?$/.test(head) &&
      (index === 0 || Number.parseInt(head, 10) === Number.parseInt(heads[index - 1]!, 10) + 1)
    );
  });
  if (!rising) return null;
  return {
    pairs: heads.map((head, index) => [String(Number.parseInt(head, 10)), below[index]!]),
    inLine: false,
  };
}

/** Cells of a table row, without its label. */
function cells(text: string): string[] {
  return squeeze(text)
    .split(/[\s|]+/)
    .filter((cell) => cell !== "" && !/^(?:번호|문항|정답|답|no\.?|question|answer|q)$/i.test(cell));
}
