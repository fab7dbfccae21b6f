import { type Random, seeded } from "./random.ts";
import { type Wording, wordings } from "./wording.ts";

export type Language = "ko" | "en";

export interface Truth {
  section: string | null;
  number: number;
  type: "multiple_choice" | "short_answer" | "essay" | "true_false";
  body: string;
  choices: string[];
  /** As the result should have it; `null` if none is printed. */
  answer: string | null;
  group: string | null;
}

/** What is printed, in order. Every producer renders these blocks in a different way. */
export type Block =
  | { kind: "title" | "heading" | "instruction" | "group" | "passage" | "answers" | "answer"; text: string }
  | {
      kind: "question";
      mark: string;
      text: string;
      box: string[];
      choices: string[];
      layout: ChoiceLayout;
      space: number;
    }
  | { kind: "answer-table"; numbers: string[]; answers: string[] };

export type ChoiceLayout = "lines" | "row" | "grid";

export interface Exam {
  seed: number;
  language: Language;
  columns: 1 | 2;
  header: string | null;
  footer: "number" | "dashes" | "of" | null;
  /** In points. */
  size: number;
  serif: boolean;
  blocks: Block[];
  truth: Truth[];
}

export interface ExamOptions {
  language?: Language;
  columns?: 1 | 2;
}

type NumberStyle = (number: number) => string;
const numberStyles: Record<Language, readonly NumberStyle[]> = {
  ko: [
    (n) => `${n}.`,
    (n) => `${n}.`,
    (n) => `${n})`,
    (n) => `${String(n).padStart(2, "0")}`,
    (n) => `문제 ${n}.`,
    (n) => `${n}번.`,
    (n) => `[${n}]`,
    (n) => `문제 ${n}`,
  ],
  en: [
    (n) => `${n}.`,
    (n) => `${n}.`,
    (n) => `${n})`,
    (n) => `Q${n}.`,
    (n) => `Question ${n}.`,
    (n) => `[${n}]`,
    (n) => `Q${n}`,
  ],
};

type ChoiceStyle = (index: number) => string;
const circled: ChoiceStyle = (index) => "①②③④⑤"[index]!;
const choiceStyles: Record<Language, readonly ChoiceStyle[]> = {
  ko: [circled, circled, circled, (index) => `${index + 1})`, (index) => `(${index + 1})`],
  en: [
    (index) => `(${"ABCDE"[index]})`,
    (index) => `${"ABCDE"[index]}.`,
    (index) => `${"ABCDE"[index]})`,
    (index) => `${index + 1})`,
    (index) => `${"abcde"[index]})`,
    circled,
  ],
};

interface Making {
  random: Random;
  words: Wording;
  language: Language;
  number: NumberStyle;
  choice: ChoiceStyle;
  choices: number;
  points: boolean;
  blocks: Block[];
  truth: Truth[];
  section: string | null;
}

/** Generates an exam and its ground truth from a seed. */
export function examOf(seed: number, options: ExamOptions = {}): Exam {
  const random = seeded(seed);
  const language = options.language ?? random.pick(["ko", "en"] as const);
  const words = wordings[language];
  const number = random.pick(numberStyles[language]);
  // With `1)` for both, only the indent would tell them apart.
  const styles = choiceStyles[language].filter((style) => style(0) !== number(1));
  const making: Making = {
    ...{ random, words, language, number, choice: random.pick(styles), blocks: [], truth: [], section: null },
    choices: language === "ko" ? 5 : random.between(4, 5),
    points: random.chance(0.35),
  };
  const title = random.pick(words.titles);
  if (random.chance(0.85)) making.blocks.push({ kind: "title", text: title });
  if (random.chance(0.5)) making.blocks.push({ kind: "instruction", text: words.instruction });
  const sections = random.chance(0.4) ? random.between(2, 3) : 1;
  const restarts = sections > 1 && random.chance(0.75);
  const headings = random.shuffle(words.sections).slice(0, sections);
  let next = 1;
  for (let index = 0; index < sections; index++) {
    if (sections > 1) {
      making.section = headings[index]!;
      making.blocks.push({ kind: "heading", text: making.section });
    }
    if (restarts) next = 1;
    next = addQuestions(making, next, random.between(sections > 1 ? 5 : 12, sections > 1 ? 11 : 26));
  }
  addAnswers(making, random.pick(["none", "list", "table", "explained"] as const));
  return {
    ...{ seed, language, blocks: making.blocks, truth: making.truth },
    columns: options.columns ?? (random.chance(0.5) ? 1 : 2),
    header: random.chance(0.6) ? `${title} ${random.between(1, 3)}` : null,
    footer: random.pick(["number", "dashes", "of", null] as const),
    size: random.pick([9, 9.5, 10, 10.5, 11]),
    serif: random.chance(0.5),
  };
}

function addQuestions(making: Making, first: number, count: number): number {
  const { random, words, blocks } = making;
  let number = first;
  const end = first + count;
  while (number < end) {
    let group: string | null = null;
    let size = 1;
    if (random.chance(0.12) && end - number >= 3) {
      size = random.between(2, 3);
      group = `${number}-${number + size - 1}`;
      blocks.push({ kind: "group", text: words.groupOf(random, number, number + size - 1) });
      const paragraphs = random.between(1, 2);
      for (let index = 0; index < paragraphs; index++) {
        const sentences = Array.from({ length: random.between(3, 7) }, () => words.sentence(random));
        blocks.push({ kind: "passage", text: sentences.join(" ") });
      }
    }
    for (let index = 0; index < size; index++) addQuestion(making, number++, group);
  }
  return number;
}

function addQuestion(making: Making, number: number, group: string | null): void {
  const { random, blocks, truth, section } = making;
  const roll = random.next();
  const type =
    roll < 0.62 ? "multiple_choice" : roll < 0.78 ? "short_answer" : roll < 0.9 ? "essay" : "true_false";
  const choices = type === "multiple_choice" ? choicesOf(making) : [];
  const stem = stemOf(making, type);
  const box = type === "multiple_choice" && random.chance(0.12) ? boxOf(making) : [];
  const points = making.points ? random.pick([2, 3, 4, 5]) : null;
  const pointed = points === null ? "" : making.language === "ko" ? ` [${points}점]` : ` (${points} points)`;
  const longest = Math.max(0, ...choices.map((choice) => choice.length * (making.language === "ko" ? 2 : 1)));
  const layout =
    longest < 11
      ? random.pick(["row", "grid", "lines"] as const)
      : longest < 16
        ? random.pick(["grid", "lines"] as const)
        : "lines";
  blocks.push({
    kind: "question",
    mark: making.number(number),
    text: stem + pointed,
    box,
    choices: choices.map((choice, index) => `${making.choice(index)} ${choice}`),
    layout,
    space:
      type === "essay"
        ? random.between(20, 60)
        : type === "short_answer"
          ? random.between(8, 25)
          : random.between(6, 14),
  });
  truth.push({
    ...{ section, number, type, choices, group },
    body: [stem, ...box].join(" "),
    answer: answerOf(making, type),
  });
}

function stemOf({ random, words }: Making, type: Truth["type"]): string {
  if (type === "multiple_choice") return words.multiple(random);
  if (type === "short_answer") return words.short(random);
  if (type === "essay") return words.essay(random);
  return words.trueFalse(random, words.statement(random));
}

function boxOf({ random, words, language }: Making): string[] {
  const marks = language === "ko" ? ["ㄱ.", "ㄴ.", "ㄷ."] : ["I.", "II.", "III."];
  return marks.map((mark) => `${mark} ${words.sentence(random)}`);
}

function choicesOf({ random, words, choices }: Making): string[] {
  const kind = random.next();
  const found = new Set<string>();
  while (found.size < choices) {
    found.add(
      kind < 0.25
        ? String(random.between(2, 480))
        : kind < 0.6
          ? words.phrase(random)
          : words.sentence(random).replace(/\.$/, ""),
    );
  }
  return [...found];
}

function answerOf({ random, words, choices, language }: Making, type: Truth["type"]): string {
  if (type === "multiple_choice") return String(random.between(1, choices));
  if (type === "true_false")
    return language === "ko" ? random.pick(["○", "×"]) : random.pick(["True", "False"]);
  return type === "short_answer" ? words.phrase(random) : words.sentence(random);
}

function addAnswers(making: Making, kind: "none" | "list" | "table" | "explained"): void {
  const { random, words, blocks, truth, language, choice } = making;
  if (kind === "none") {
    for (const one of truth) one.answer = null;
    return;
  }
  const printed = (one: Truth) =>
    one.type === "multiple_choice"
      ? choice(Number(one.answer) - 1).replace(/(?<=^\w)[).]$/, "")
      : one.answer!;
  const heading =
    language === "ko"
      ? random.pick(["정답", "정답 및 해설", "빠른 정답"])
      : random.pick(["Answer Key", "Answers"]);
  blocks.push({ kind: "answers", text: heading });
  let section: string | null = null;
  const mark = making.number(1).includes(")") ? (n: number) => `${n})` : (n: number) => `${n}.`;
  const isTable =
    kind === "table" &&
    truth.every(
      ({ type, section: of }) => of === null && (type === "multiple_choice" || type === "true_false"),
    );
  if (isTable) {
    for (let at = 0; at < truth.length; at += 10) {
      const part = truth.slice(at, at + 10);
      blocks.push({
        kind: "answer-table",
        numbers: part.map((one) => String(one.number)),
        answers: part.map(printed),
      });
    }
    return;
  }
  for (const one of truth) {
    if (one.section !== section) blocks.push({ kind: "heading", text: one.section! });
    section = one.section;
    const why =
      kind === "explained"
        ? ` ${language === "ko" ? "해설: " : "Explanation: "}${words.sentence(random)}`
        : "";
    blocks.push({ kind: "answer", text: `${mark(one.number)} ${printed(one)}${why}` });
  }
}
