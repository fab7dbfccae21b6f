import { groupRange } from "./groups.ts";
import type { Line } from "./lines.ts";

const ROMAN = "(?:[IVX]{1,5}|[Ⅰ-Ⅻ])";

const names: readonly RegExp[] = [
  new RegExp(
    `^\\s*[[【<]?\\s*(?:part|section|unit|chapter|module|lesson|test|day|week)\\s*(?:[A-Z]|\\d{1,3}|${ROMAN}|one|two|three|four|five|six)(?![a-z])[\\]】>]?(?:\\s*[.:\\-–—)|]|\\s+\\S|\\s*$)`,
    "i",
  ),
  /^\s*[[【<]?\s*제\s*\d{1,2}\s*(?:부|장|과|회|단원|교시|영역|절|강|편)(?![가-힣]{3})/,
  /^\s*[[【<]?\s*\d{1,2}\s*(?:부|단원|교시|회차)(?:\s|[.:\]】>]|$)/,
  new RegExp(`^\\s*${ROMAN}\\s*[.．]\\s*\\S`),
  /^\s*[■▣◆●▶◈□◇][\s]*\S/,
  /^\s*[[【〔<〈《]\s*(?:객관식|주관식|서술형|단답형|서답형|선택형|논술형|듣기|독해|문법|어휘|진위형|OX)[^\]】〕>〉》]{0,20}[\]】〕>〉》]/,
  /^\s*(?:객관식|주관식|서술형|단답형|서답형|선택형|논술형|진위형)(?:\s*(?:문제|문항|평가))?\s*(?:$|[(:\d])/,
  /^.{0,12}(?:기본|응용|심화|실전|연습|확인|종합|대단원|중단원|단원|객관식|주관식|서술형|단답형)\s*(?:문제|평가|문항)\s*\d{0,2}$/,
  /^\s*(?:multiple[- ]choice|short[- ]answer|essay|true[- ](?:or|\/)[- ]false|true\/false|reading|listening|grammar|vocabulary|writing)(?:\s+(?:questions?|section|comprehension|test|part))?\s*:?\s*$/i,
];

const LONGEST = 70;

/** Indexes of section headings, recognized by their words or their larger font. */
export function headingLines(lines: readonly Line[]): Set<number> {
  const size = usualSize(lines);
  const found = new Set<number>();
  for (const [index, line] of lines.entries()) if (isHeading(line, size)) found.add(index);
  return found;
}

function isHeading(line: Line, usual: number): boolean {
  const text = line.text.trim();
  if (text.length > LONGEST || text.length < 2 || groupRange(text)) return false;
  if (names.some((pattern) => pattern.test(text))) return !/[?？]$/.test(text);
  const isLarge = line.confidence === 1 && line.size > usual * 1.18;
  return (
    isLarge &&
    !/^[①-⑳(\d]/.test(text) &&
    !/[?？]$/.test(text) &&
    /\p{L}{2}/u.test(text) &&
    !/^(?:[Qq]|문제|문항|question|problem|exercise)\s*\d/i.test(text)
  );
}

/** The font size of most characters. */
export function usualSize(lines: readonly Line[]): number {
  const counts = new Map<number, number>();
  for (const { size, text } of lines) {
    const rounded = Math.round(size * 2) / 2;
    counts.set(rounded, (counts.get(rounded) ?? 0) + text.length);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 10;
}

const ANSWERS =
  /^\s*[[【<〈■◆●▶*\-–—]*\s*(?:(?:빠른\s*)?정답\s*(?:및|과|·|&|,)?\s*(?:해설|풀이)?(?:편)?|모범\s*답안|해답|(?:정답\s*)?해설|풀이|answers?(?:\s*(?:keys?|sheet|and\s+explanations?|&\s*explanations?))?|answer\s*keys?|(?:answers?\s+and\s+)?solutions?|explanations?)\s*(?:표)?\s*[\]】>〉*\-–—:]*\s*$/i;

/** Whether a line begins the answer section: 정답, 해설, Answer Key. */
export function isAnswerHeading(text: string): boolean {
  if (ANSWERS.test(text)) return true;
  // The name of the test may be on the same line.
  return (
    text.length < 50 &&
    /(?:정답\s*(?:및|과)\s*(?:해설|풀이)|answer\s*key)/i.test(text) &&
    !/[.?。]$/.test(text.trim())
  );
}
