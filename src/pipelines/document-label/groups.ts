import type { Line } from "./lines.ts";

const DASH = "[~～∼〜\\-–—]";

const ranges: readonly RegExp[] = [
  new RegExp(
    `^\\s*(?:[※■◆●▶◎*]\\s*)?[\\[［〔【(<〈]\\s*(?:문제\\s*|문항\\s*)?(\\d{1,3})\\s*(?:번)?\\s*${DASH}\\s*(\\d{1,3})\\s*(?:번)?\\s*[\\]］〕】)>〉]`,
  ),
  new RegExp(
    `^\\s*(?:[※■◆●▶◎*]\\s*)?(\\d{1,3})\\s*번?\\s*${DASH}\\s*(\\d{1,3})\\s*번?\\s*[.:]?\\s*(?:다음|위|아래|\\(|물음)`,
  ),
  new RegExp(
    `^\\s*[\\[(<]?\\s*(?:questions?|items?|problems?|exercises?)\\s+(\\d{1,3})\\s*(?:${DASH}|to|through|and)\\s*(\\d{1,3})`,
    "i",
  ),
  new RegExp(
    `^\\s*(?:directions?:\\s*)?(?:read|look|use|refer|study|listen|based|the following|answer).{0,140}?\\b(?:questions?|items?|problems?)\\s+(\\d{1,3})\\s*(?:${DASH}|to|and|through)\\s*(\\d{1,3})`,
    "i",
  ),
];

/** Matches the beginning of a possible group heading, which may continue on the next line. */
const BEGINS =
  /^\s*(?:[※■◆●▶◎*]\s*)?(?:[[［〔【(]\s*\d|read|look|use|refer|study|based|the following|answer|questions?\s)/i;

/** A heading for the questions after it, without numbers. */
const UNNUMBERED =
  /^\s*(?:[※■◆●▶◎*]\s*|\[)?(?:(?:다음|아래).{0,30}(?:글|대화|시|자료|표|그림|지문|도표|그래프).{0,20}(?:읽고|보고|듣고).{0,20}(?:물음|질문|문제).{0,8}답하|read the (?:following|passage|text|poem|article).{0,60}answer the (?:following )?questions)/i;

/** First and last question of the group that a line announces, such as `[1~3] 다음 글을 읽고`. */
export function groupRange(text: string): [first: number, last: number] | null {
  for (const pattern of ranges) {
    const found = pattern.exec(text);
    if (!found) continue;
    const first = Number(found[1]);
    const last = Number(found[2]);
    if (first < last && last - first < 60) return [first, last];
  }
  return null;
}

export interface GroupHeading {
  line: number;
  /** Number of lines in the heading. */
  lines: number;
  range: [first: number, last: number] | null;
}

/** Finds group headings, in order. A heading may span two lines. */
export function groupHeadings(lines: readonly Line[]): GroupHeading[] {
  const found: GroupHeading[] = [];
  for (const [index, { text }] of lines.entries()) {
    if (found.at(-1) && index < found.at(-1)!.line + found.at(-1)!.lines) continue;
    const range = groupRange(text);
    if (range) {
      found.push({ line: index, lines: 1, range });
      continue;
    }
    const next = lines[index + 1];
    const isSplit = next && BEGINS.test(text) && !/^\s*[[［〔【※]/.test(next.text);
    const wrapped = isSplit ? groupRange(`${text} ${next.text}`) : null;
    if (wrapped) found.push({ line: index, lines: 2, range: wrapped });
    else if (UNNUMBERED.test(text)) found.push({ line: index, lines: 1, range: null });
  }
  return found;
}
