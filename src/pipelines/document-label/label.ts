import type { PageText } from "../documents/page-text.ts";
import { type Answer, readAnswers } from "./answers.ts";
import { squeeze } from "./choices.ts";
import { type GroupHeading, groupHeadings } from "./groups.ts";
import { headingLines, isAnswerHeading } from "./headings.ts";
import { documentLines, type Line } from "./lines.ts";
import { bestChain, type Chain } from "./numbering.ts";
import type { Question } from "./question.ts";
import { questionType } from "./question-type.ts";
import { boxesOf, type Read, readQuestion, titleOf } from "./read-question.ts";

/** A question, with what is needed to match answers to it. */
interface Found {
  number: number;
  /** Index of its first line. */
  from: number;
  run: number;
  read: Read;
  lines: Line[];
  section: string | null;
  group: GroupHeading | null;
  /** Text of the headings and instructions above it. */
  above: string;
  /** How many numbers are missing before it. */
  missing: number;
}

interface Part {
  lines: Line[];
  headings: Set<number>;
}

/** A question in the document, together with the section heading and passage above it. */
export interface Piece {
  /** The same object as in the result. */
  question: Question;
  lines: Line[];
}

export interface LabeledDocument {
  questions: Question[];
  /** The document without its answers, cut between questions. Every line is in exactly one piece. */
  pieces: Piece[];
  /** Numbers of questions whose answer is a circled number on a scan, which cannot be read. */
  untold: number[];
}

/** Labels the questions of a document by rules: its layout and its words. */
export function labelPages(pages: readonly PageText[]): Question[] {
  return labelDocument(pages).questions;
}

export function labelDocument(pages: readonly PageText[]): LabeledDocument {
  const all = documentLines(pages);
  const { body, answers } = divide(all);
  const chain = bestChain(body.lines, body.headings);
  const groups = withRanges(groupHeadings(body.lines), chain, body.headings);
  const found = chain ? readAll(body, chain, groups) : [];
  const answered = readAnswers(answers.lines, answers.headings);
  const given = found.map((one) => answerFor(one, found, answered));
  const questions = found.map((one, index) => questionOf(one, given[index]!, found));
  const passages = passagesOf(body.lines, groups, chain, found);
  const explanations = explanationsOf(found, questions, answered);
  const rest = chain && found.length > 0 ? [] : wholeDocument(body.lines);
  return {
    questions: [...merge(questions, passages), ...explanations, ...rest],
    pieces: piecesOf(body.lines, found, questions),
    untold: found
      .filter(({ read }, n) => questions[n]!.answer === null && (read.isUntold || given[n]?.isUntold))
      .map(({ number }) => number),
  };
}

function piecesOf(lines: readonly Line[], found: readonly Found[], questions: readonly Question[]): Piece[] {
  let from = 0;
  return found.map((one, index) => {
    const end = index === found.length - 1 ? lines.length : one.from + one.lines.length;
    const piece = { question: questions[index]!, lines: lines.slice(from, end) };
    from = end;
    return piece;
  });
}

/** Splits off the answer section, if there is one at the end. */
function divide(lines: readonly Line[]): { body: Part; answers: Part } {
  const at = lines.findIndex(
    ({ text }, index) => index > 0 && isAnswerHeading(text) && hasQuestionBefore(lines, index),
  );
  const cut = at < 0 ? lines.length : at;
  const part = (own: readonly Line[]): Part => ({ lines: [...own], headings: headingLines(own) });
  return { body: part(lines.slice(0, cut)), answers: part(lines.slice(cut + 1)) };
}

function hasQuestionBefore(lines: readonly Line[], index: number): boolean {
  return (bestChain(lines.slice(0, index), new Set())?.marks.length ?? 0) > 0;
}

function readAll({ lines, headings }: Part, { marks }: Chain, groups: readonly GroupHeading[]): Found[] {
  const found: Found[] = [];
  const sections = sectionsBefore(lines, headings, marks[0]?.line ?? 0);
  let section = sections.at(-1) ?? null;
  let above = textBetween(lines, 0, marks[0]?.line ?? 0);
  let run = 0;
  let runFrom = -1;
  for (const [index, mark] of marks.entries()) {
    const before = found.at(-1);
    const restarts = before !== undefined && mark.number <= before.number;
    if (restarts) {
      run++;
      runFrom = marks[index - 1]!.line;
    }
    const next = marks[index + 1]?.line ?? lines.length;
    const groupAt = groups.find(({ line }) => line > mark.line && line < next)?.line ?? next;
    let own: Line[] = [{ ...lines[mark.line]!, text: mark.rest }, ...lines.slice(mark.line + 1, groupAt)];
    let read = readQuestion(own);
    const cut = headingAfter(mark.line, groupAt, headings, read);
    if (cut !== null) {
      own = own.slice(0, cut - mark.line);
      read = readQuestion(own);
    }
    const isRelated = (group: GroupHeading) =>
      group.line > runFrom && group.line < mark.line && covers(group, mark.number);
    found.push({
      number: mark.number,
      from: mark.line,
      run,
      read,
      lines: own.slice(0, read.used),
      section,
      group: groups.findLast(isRelated) ?? null,
      above,
      missing: before && !restarts ? mark.number - before.number - 1 : mark.number - 1,
    });
    if (cut !== null) {
      const inner = [...headings].filter((at) => at >= cut && at < next);
      section = squeeze(lines[inner[0]!]!.text);
      above = textBetween(lines, cut, next);
    }
  }
  return found;
}

/** A group whose heading has no numbers covers the questions up to the next heading. */
function withRanges(
  groups: readonly GroupHeading[],
  chain: Chain | null,
  headings: ReadonlySet<number>,
): GroupHeading[] {
  return groups.map((group, index) => {
    if (group.range) return group;
    const next = [groups[index + 1]?.line, ...headings].filter((at) => at !== undefined && at > group.line);
    const end = Math.min(...(next as number[]));
    const own = chain?.marks.filter(({ line }) => line > group.line && line < end) ?? [];
    const [first, last] = [own[0]?.number, own.at(-1)?.number];
    return { ...group, range: first !== undefined && last !== undefined ? [first, last] : null };
  });
}

/** The heading that ends a question. Headings before the question's last choice do not count. */
function headingAfter(from: number, to: number, headings: ReadonlySet<number>, read: Read): number | null {
  for (let at = from + 1; at < to; at++) {
    if (!headings.has(at)) continue;
    if (read.choices.length > 0 && at - from < read.used - 1) continue;
    return at;
  }
  return null;
}

function covers({ range }: GroupHeading, number: number): boolean {
  return range !== null && number >= range[0] && number <= range[1];
}

/** Headings above the first question, except the document's title. */
function sectionsBefore(lines: readonly Line[], headings: ReadonlySet<number>, first: number): string[] {
  const above = [...headings].filter((at) => at < first);
  const largest = Math.max(...lines.slice(0, first).map(({ size }) => size));
  return above
    .filter((at) => isNamed(lines[at]!) || (at > 0 && lines[at]!.size < largest))
    .map((at) => squeeze(lines[at]!.text));
}

function isNamed(line: Line): boolean {
  return headingLines([{ ...line, size: 10 }]).size > 0;
}

function textBetween(lines: readonly Line[], from: number, to: number): string {
  return squeeze(
    lines
      .slice(Math.max(from, to - 8), to)
      .map(({ text }) => text)
      .join(" "),
  );
}

function questionOf(found: Found, answer: Answer | null, all: readonly Found[]): Question {
  const { read, number, lines, section, group } = found;
  const printed = read.answer ?? answer?.answer ?? null;
  const { body, choices } = read;
  const groupText = group ? `${found.above}` : found.above;
  const type = questionType({ isRead: lines[0]!.isRead, body, choices, answer: printed, above: groupText });
  return {
    number,
    type,
    title: titleOf(body),
    body,
    choices,
    answer: printed === null ? null : normalAnswer(printed, choices.length),
    points: read.points,
    page: lines[0]!.page,
    boxes: boxesOf(lines),
    group: group?.range ? `${group.range[0]}-${group.range[1]}` : null,
    section,
    confidence: confidenceOf(found, all),
    labeler: "rules",
  };
}

const CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩";

/** Converts the answer of a multiple-choice question to the choice's number. */
function normalAnswer(printed: string, choices: number): string {
  const at = CIRCLED.indexOf(printed.trim()[0] ?? "");
  if (at >= 0 && printed.trim().length === 1) return String(at + 1);
  const letter = /^\(?([A-Ja-j])[).]?$/.exec(printed.trim())?.[1];
  if (choices > 0 && letter) return String(letter.toLowerCase().charCodeAt(0) - 96);
  const digit = /^\(?(\d{1,2})[).]?$/.exec(printed.trim())?.[1];
  return choices > 0 && digit ? digit : printed;
}

/** Matches by the heading above both if their texts agree, or else by the run of numbers. */
function answerFor(one: Found, all: readonly Found[], answers: readonly Answer[]): Answer | null {
  const same = answers.filter(({ number }) => number === one.number);
  if (same.length === 0) return null;
  const own = one.section && same.filter(({ heading }) => heading && sameHeading(heading, one.section!));
  const candidates = own && own.length > 0 ? own : same.filter(({ run }) => run === one.run);
  const unique = all.filter(({ number }) => number === one.number).length === 1;
  const picked = candidates.length > 0 ? candidates : unique ? same : [];
  const merged = picked[0];
  if (!merged) return null;
  return {
    ...merged,
    answer: picked.find(({ answer }) => answer !== null)?.answer ?? null,
    explanation: picked.find(({ explanation }) => explanation !== null)?.explanation ?? null,
    isUntold: picked.some(({ isUntold }) => isUntold),
    lines: picked.findLast(({ explanation }) => explanation !== null)?.lines ?? merged.lines,
  };
}

function sameHeading(a: string, b: string): boolean {
  const plain = (text: string) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  return (
    plain(a) === plain(b) ||
    (plain(a).length > 3 && (plain(b).startsWith(plain(a)) || plain(a).startsWith(plain(b))))
  );
}

/** Confidence in a question, from its OCR quality, missing numbers before it, and choices like its neighbors'. */
function confidenceOf({ read, lines, missing }: Found, all: readonly Found[]): number {
  let confidence = 0.97 * Math.min(1, ...lines.map((line) => 0.5 + line.confidence / 2));
  if (missing > 0) confidence -= 0.15;
  if (read.body.length < 4) confidence -= 0.3;
  const usual = usualChoices(all);
  if (read.choices.length > 0 && usual > 0 && read.choices.length !== usual) confidence -= 0.2;
  if (read.choices.some((choice) => choice === "")) confidence -= 0.2;
  if (all.length === 1) confidence -= 0.2;
  return Math.max(0.05, Math.round(confidence * 100) / 100);
}

function usualChoices(all: readonly Found[]): number {
  const counts = new Map<number, number>();
  for (const { read } of all) {
    if (read.choices.length > 0) counts.set(read.choices.length, (counts.get(read.choices.length) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}

function section(type: Question["type"], lines: readonly Line[], own: Partial<Question>): Question {
  const body = squeeze(lines.map(({ text }) => text).join(" "));
  return {
    number: null,
    type,
    title: titleOf(body),
    body,
    choices: [],
    answer: null,
    points: null,
    page: lines[0]!.page,
    boxes: boxesOf(lines),
    group: null,
    section: null,
    confidence: 0.9,
    labeler: "rules",
    ...own,
  };
}

/** The text between a group's heading and its first question. */
function passagesOf(
  lines: readonly Line[],
  groups: readonly GroupHeading[],
  chain: Chain | null,
  found: readonly Found[],
): Question[] {
  return groups.flatMap(({ line, lines: height, range }) => {
    const next = chain?.marks.findIndex((mark) => mark.line > line) ?? -1;
    const end = next >= 0 ? chain!.marks[next]!.line : lines.length;
    const passage = lines.slice(line + height, end);
    if (passage.length === 0) return [];
    const heading = squeeze(
      lines
        .slice(line, line + height)
        .map(({ text }) => text)
        .join(" "),
    );
    const group = range ? `${range[0]}-${range[1]}` : null;
    return [
      section("passage", passage, { title: titleOf(heading), group, section: found[next]?.section ?? null }),
    ];
  });
}

function explanationsOf(
  found: readonly Found[],
  questions: readonly Question[],
  answers: readonly Answer[],
): Question[] {
  return found.flatMap((one, index) => {
    const answer = answerFor(one, found, answers);
    const text = one.read.explanation ?? answer?.explanation ?? null;
    if (text === null) return [];
    const lines = one.read.explanation === null && answer ? answer.lines : one.lines;
    const { number, section: of, group } = questions[index]!;
    return [section("explanation", lines, { number, body: text, title: titleOf(text), section: of, group })];
  });
}

/** A document without questions becomes a single section. */
function wholeDocument(lines: readonly Line[]): Question[] {
  return lines.length === 0 ? [] : [section("other", lines, { confidence: 0.3 })];
}

/** Puts each passage before its first question. */
function merge(questions: readonly Question[], passages: readonly Question[]): Question[] {
  const place = ({ page, boxes, group }: Question) => {
    const first = group && questions.findIndex((question) => question.group === group);
    return typeof first === "number" && first >= 0
      ? first
      : questions.findIndex((question) => {
          return question.page > page || (question.page === page && question.boxes[0]!.y > boxes[0]!.y);
        });
  };
  const merged = questions.map((question) => [question]);
  const last: Question[] = [];
  for (const passage of passages) {
    const at = place(passage);
    if (at < 0) last.push(passage);
    else merged[at]!.unshift(passage);
  }
  return [...merged.flat(), ...last];
}
