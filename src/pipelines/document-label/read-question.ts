import { around } from "../documents/page-text.ts";
import { isGuess } from "./answers.ts";
import { findChoices, squeeze } from "./choices.ts";
import type { Line } from "./lines.ts";
import type { Question } from "./question.ts";

/** What one question's own lines say. */
export interface Read {
  body: string;
  choices: string[];
  points: number | null;
  /** Answer and explanation printed below the question. */
  answer: string | null;
  explanation: string | null;
  /** See `Answer`. */
  isUntold: boolean;
  /** Number of lines that belong to the question. */
  used: number;
}

const ANSWER_LINE =
  /^\s*[[【〔(<]?\s*(?:정답|모범\s*답안|답|answer|ans\.?)\s*[\]】〕)>]?\s*(?:[:：]\s*|(?<=[\]】〕)>]\s*)|(?=[①-⑩]))(.*)$/i;
const EXPLANATION_LINE =
  /^\s*[[【〔(<]?\s*(?:해설|풀이|explanation|solution|rationale)\s*[\]】〕)>]?\s*(?:[:：]\s*|(?<=[\]】〕)>]\s*))(.*)$/i;
const BLANK = /^[\s_.…·:()[\]（）\-–—|]*$/;
const POINTS =
  /\s*[[(（<［]\s*(?:배점\s*[:：]?\s*)?(\d{1,3}(?:\.\d)?)\s*(?:점|points?|pts?\.?|marks?)\s*[\])）>］]/i;

/** @param lines of one question, the first one without its number */
export function readQuestion(lines: readonly Line[]): Read {
  const texts = lines.map(({ text }) => text);
  const answerAt = texts.findIndex((text, at) => at > 0 && ANSWER_LINE.test(text));
  const explanationAt = texts.findIndex((text, at) => at > 0 && EXPLANATION_LINE.test(text));
  const ends = [answerAt, explanationAt].filter((at) => at > 0);
  const stemLines = ends.length > 0 ? Math.min(...ends) : lines.length;
  const answer = answerAt > 0 ? squeeze(ANSWER_LINE.exec(texts[answerAt]!)![1]!) : "";
  const explanation =
    explanationAt > 0
      ? squeeze(
          [EXPLANATION_LINE.exec(texts[explanationAt]!)![1]!, ...texts.slice(explanationAt + 1)].join(" "),
        )
      : "";
  const stem = readStem(lines.slice(0, stemLines));
  const isOver = ends.length === 0;
  const isUntold = answerAt > 0 && isGuess(answer, lines[answerAt]!);
  return {
    ...stem,
    answer: isUntold || BLANK.test(answer) ? null : answer,
    isUntold,
    explanation: explanation === "" ? null : explanation,
    used: isOver ? stem.used : lines.length,
  };
}

function readStem(lines: readonly Line[]): Pick<Read, "body" | "choices" | "points" | "used"> {
  const starts: number[] = [];
  let text = "";
  for (const line of lines) {
    starts.push(text.length);
    text += `${line.text}\n`;
  }
  const lineAt = (at: number) => starts.findLastIndex((start) => start <= at);
  const endOf = (line: number) => starts[line + 1] ?? text.length;
  const found = findChoices(text, (lastMark) => endOf(lastLineOf(lines, lineAt(lastMark))));
  const stemEnd = found ? lineAt(found.start) : lines.length;
  const used = found ? lineAt(found.end - 1) + 1 : lines.length;
  const shared = found ? text.slice(starts[stemEnd]!, found.start) : "";
  const paragraph = bodyOf(lines.slice(0, stemEnd), shared);
  const points = POINTS.exec(paragraph);
  const pointed = found?.texts.map((choice) => choice.replace(POINTS, "").trim()) ?? [];
  return {
    body: paragraph.replace(POINTS, "").trim(),
    choices: pointed,
    points: points ? Number(points[1]) : null,
    used,
  };
}

/** The last line of the last choice, which ends at a large gap or at a line further left. */
function lastLineOf(lines: readonly Line[], from: number): number {
  const mark = lines[from]!;
  let last = from;
  for (let at = from + 1; at < lines.length; at++) {
    const [line, before] = [lines[at]!, lines[at - 1]!];
    if (line.column === before.column) {
      if (line.top - before.bottom > line.size * 1.3) break;
      if (line.left < mark.left - line.size * 0.6) break;
    } else if (line.left - line.columnLeft < mark.left - mark.columnLeft - line.size * 0.6) break;
    last = at;
  }
  return last;
}

/** Joins wrapped lines. A large gap becomes a paragraph break. */
function bodyOf(lines: readonly Line[], rest: string): string {
  let text = "";
  let before: Line | undefined;
  for (const line of lines) {
    const own = squeeze(line.text);
    if (own === "" || (BLANK.test(own) && own.length > 2)) continue;
    if (before) {
      const isApart = before.column === line.column && line.top - before.bottom > line.size * 0.9;
      if (/[a-z]-$/.test(text) && /^[a-z]/.test(own)) text = text.slice(0, -1);
      else text += isApart ? "\n" : " ";
    }
    text += own;
    before = line;
  }
  return squeeze(rest) === "" ? text : `${text} ${squeeze(rest)}`.trim();
}

/** One box per column that contains lines. */
export function boxesOf(lines: readonly Line[]): Question["boxes"] {
  return [...Map.groupBy(lines, ({ column }) => column).values()].map((part) => {
    const { x, y, width, height } = around(part.map(({ box }) => box));
    const short = (value: number) => Math.round(value * 10) / 10;
    return { page: part[0]!.page, x: short(x), y: short(y), width: short(width), height: short(height) };
  });
}

const LONGEST_TITLE = 80;

/** The first sentence, shortened to what a list can show. */
export function titleOf(body: string): string {
  const text = squeeze(body);
  const sentence = /^.{8,}?[.?!？。](?=\s|$)/u.exec(text)?.[0] ?? text;
  return sentence.length <= LONGEST_TITLE ? sentence : `${sentence.slice(0, LONGEST_TITLE - 1).trimEnd()}…`;
}
