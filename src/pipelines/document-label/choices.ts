/** Finds the choices in a question's text, whose lines are separated by "\n". */

interface Mark {
  at: number;
  length: number;
  number: number;
  /** Whether it is the first on its line. */
  begins: boolean;
}

interface MarkStyle {
  pattern: RegExp;
  numberOf: (mark: string) => number;
}

const CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩";
const OTHER_CIRCLED = "➀➁➂➃➄➅➆➇➈➉";
const BLACK_CIRCLED = "❶❷❸❹❺❻❼❽❾❿";
const letter = (mark: string) => mark.toLowerCase().charCodeAt(0) - 96;

const markStyles: readonly MarkStyle[] = [
  { pattern: /([①-⑩])\s*/gu, numberOf: (mark) => CIRCLED.indexOf(mark) + 1 },
  { pattern: /([➀-➉])\s*/gu, numberOf: (mark) => OTHER_CIRCLED.indexOf(mark) + 1 },
  { pattern: /([❶-❿])\s*/gu, numberOf: (mark) => BLACK_CIRCLED.indexOf(mark) + 1 },
  { pattern: /(?<=^|\s)[(（]([A-Ja-j])[)）]\s*/gmu, numberOf: letter },
  { pattern: /(?<=^|\s)([A-J])[).．](?=\s|[^\sA-Za-z.])\s*/gmu, numberOf: letter },
  { pattern: /(?<=^|\s)([a-j])[).．](?=\s|[^\sA-Za-z.])\s*/gmu, numberOf: letter },
  { pattern: /(?<=^|\s)[(（](\d{1,2})[)）]\s*/gmu, numberOf: Number },
  { pattern: /(?<=^|\s)(\d{1,2})[)）]\s*/gmu, numberOf: Number },
  { pattern: /(?<=^|\s)(\d{1,2})[.．](?=\s)\s*/gmu, numberOf: Number },
  {
    pattern: /(?<=^|\s)(?:[○◯□▢])\s*([A-Ea-e])?[.)]?\s+(?=\S)/gmu,
    numberOf: (mark) => (mark ? letter(mark) : 0),
  },
];

const MOST = 10;

export interface Choices {
  /** Position of the first mark. */
  start: number;
  /** End of the last choice. */
  end: number;
  texts: string[];
  /** Start and end of each text. */
  spans: [start: number, end: number][];
}

/**
 * Finds the longest run of marks from 1 whose first mark begins a line. Of equally long runs, the last one wins.
 * @param text the question's lines, after its number
 * @param limit returns the end of the last choice, given the position of its mark
 */
export function findChoices(text: string, limit: (lastMark: number) => number): Choices | null {
  let best: Mark[] | null = null;
  for (const style of markStyles) {
    const run = longestRun(marksOf(style, text), text);
    if (run && run.length >= 2 && (!best || run.length > best.length)) best = run;
  }
  if (!best) return null;
  const end = limit(best.at(-1)!.at);
  const spans = best.map((mark, index): [number, number] => {
    return [mark.at + mark.length, best[index + 1]?.at ?? end];
  });
  // In a grid that is read by columns, the marks are not in the order of their numbers.
  const order = best.map((_, index) => index).sort((a, b) => best[a]!.number - best[b]!.number);
  const texts = order.map((index) => squeeze(text.slice(...spans[index]!)));
  return looksLikeTasks(texts) ? null : { start: best[0]!.at, end, texts, spans };
}

function marksOf({ pattern, numberOf }: MarkStyle, text: string): Mark[] {
  return [...text.matchAll(pattern)].map((found) => ({
    at: found.index,
    length: found[0].length,
    number: numberOf(found[1] ?? ""),
    begins: /(?:^|\n)\s*$/.test(text.slice(0, found.index)),
  }));
}

function longestRun(marks: readonly Mark[], text: string): Mark[] | null {
  let best: Mark[] | null = null;
  for (const [start, first] of marks.entries()) {
    if (first.number !== 1 || !first.begins) continue;
    const run = [first];
    for (const mark of marks.slice(start + 1)) {
      if (run.length < MOST && mark.number === run.length + 1) run.push(mark);
      else if (mark.number === 1 && mark.begins) break;
    }
    const grid = gridFrom(marks.slice(start));
    const found = grid && grid.length > run.length ? grid : run;
    if (
      found.some((mark) => mark.begins || /\s$/.test(text.slice(0, mark.at))) &&
      found.length >= (best?.length ?? 0)
    ) {
      best = found;
    }
  }
  return best;
}

/** Marks 1 to n, each once but out of order: a grid numbered by columns. */
function gridFrom(marks: readonly Mark[]): Mark[] | null {
  for (let length = Math.min(marks.length, 6); length >= 4; length--) {
    const numbers = new Set(marks.slice(0, length).map(({ number }) => number));
    if (numbers.size === length && Math.max(...numbers) === length && Math.min(...numbers) === 1) {
      return marks.slice(0, length);
    }
  }
  return null;
}

/** Whether these are numbered sub-questions rather than choices. */
function looksLikeTasks(texts: readonly string[]): boolean {
  const tasks = texts.filter((text) => {
    return /(?:시오|세요|하라|할 것|인가\?|까\?)[.\s]*(?:[[(]\s*\d+\s*점\s*[\])])?$|^(?:find|calculate|explain|describe|write|solve|compute|show|prove|state|draw)\b/i.test(
      text,
    );
  });
  return tasks.length > texts.length / 2;
}

export function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
