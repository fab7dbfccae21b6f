import { meanConfidence } from "../reading-order.ts";
import type { OcrCall, OcrEngine, OcrImage, OcrLine } from "./engine.ts";

interface Reading extends Omit<OcrCall, "language"> {
  engine: OcrEngine;
  /** Possible languages of the text. */
  languages: readonly string[];
  document: string;
}

/** A first guess read with this confidence, in its own script, needs no second try. */
const CERTAIN = 0.85;
/** Minimum fraction of letters in the language's own script. */
const OWN_SCRIPT = 0.1;

/** Language of the last pages of a document, and the number of such pages in a row. */
let last: { document: string; language: string; pages: number } | undefined;
/** After this many pages in one language, we expect the next one to be the same. */
const USUAL_PAGES = 2;
/** Height of a sample in pixels at 300 dpi: about four lines. */
const SAMPLE_HEIGHT = 240;

/**
 * Reads each region in one language at a time, because engines confuse scripts when they read several at once. Starts
 * with the best guess, and tries the others on regions that it does not fit.
 */
export async function readInOneLanguage(
  images: readonly OcrImage[],
  reading: Reading,
): Promise<{ lines: OcrLine[][]; language: string | null }> {
  const { engine, document } = reading;
  // An engine that lists no languages reads them all the same way.
  const languages = engine.languages.length > 0 ? reading.languages : reading.languages.slice(0, 1);
  const guess = await guessed(images, { ...reading, languages });
  const order = [guess, ...languages.filter((language) => language !== guess)];
  const best: { lines: OcrLine[]; language: string; score: number }[] = [];
  let open = images.map((_, index) => index);
  for (const language of order) {
    if (open.length === 0) break;
    const read = await engine.read(
      open.map((index) => images[index]!),
      { ...reading, language },
    );
    const still: number[] = [];
    for (const [at, index] of open.entries()) {
      const lines = read[at]!;
      const score = scoreOf(lines, language);
      if (!best[index] || score > best[index].score) best[index] = { lines, language, score };
      if (lines.length > 0 && !isCertain(lines, language)) still.push(index);
    }
    open = still;
  }
  const language = mostUsed(best);
  if (language) {
    const isSame = last?.document === document && last.language === language;
    last = { document, language, pages: isSame ? last!.pages + 1 : 1 };
  }
  return { lines: best.map(({ lines }) => lines), language };
}

/** Guesses a page's language from the previous pages, or else from a few lines of its largest region. */
async function guessed(images: readonly OcrImage[], reading: Reading): Promise<string> {
  const { engine, languages, document } = reading;
  const known = last?.document === document && languages.includes(last.language) ? last : undefined;
  const first = known?.language ?? languages[0]!;
  if (languages.length === 1 || (known && known.pages >= USUAL_PAGES)) return first;
  const largest = images.toSorted((a, b) => b.data.length - a.data.length)[0]!;
  if (largest.height < 2 * SAMPLE_HEIGHT) return first;
  const sample = middleOf(largest);
  let best = { language: first, score: -1 };
  for (const language of [first, ...languages.filter((other) => other !== first)]) {
    const [lines = []] = await engine.read([sample], { ...reading, language });
    if (lines.length > 0 && isCertain(lines, language)) return language;
    const score = scoreOf(lines, language);
    if (score > best.score) best = { language, score };
  }
  return best.language;
}

function middleOf({ data, width, height, dpi }: OcrImage): OcrImage {
  const rows = Math.min(height, Math.round((SAMPLE_HEIGHT * dpi) / 300));
  const top = Math.floor((height - rows) / 2);
  return { data: data.subarray(top * width, (top + rows) * width), width, height: rows, dpi };
}

function isCertain(lines: readonly OcrLine[], language: string): boolean {
  const confidence = meanConfidence(lines.flatMap(({ words }) => words));
  return confidence >= CERTAIN && ownScript(lines, language) >= OWN_SCRIPT;
}

/** Penalizes text without letters of the language's script, however confident the engine is. */
function scoreOf(lines: readonly OcrLine[], language: string): number {
  const confidence = meanConfidence(lines.flatMap(({ words }) => words));
  return ownScript(lines, language) < OWN_SCRIPT ? confidence * 0.5 : confidence;
}

const SCRIPTS: Record<string, RegExp> = {
  kor: /[\p{Script=Hangul}]/u,
  jpn: /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u,
  chi_sim: /\p{Script=Han}/u,
  chi_tra: /\p{Script=Han}/u,
  rus: /\p{Script=Cyrillic}/u,
  ell: /\p{Script=Greek}/u,
  ara: /\p{Script=Arabic}/u,
  heb: /\p{Script=Hebrew}/u,
  tha: /\p{Script=Thai}/u,
  hin: /\p{Script=Devanagari}/u,
};
const LATIN = /\p{Script=Latin}/u;

/** Fraction of letters in the language's own script. 1 if there are too few letters to tell. */
function ownScript(lines: readonly OcrLine[], language: string): number {
  const letters = [...lines.map(({ text }) => text).join("")].filter((letter) => /\p{L}/u.test(letter));
  if (letters.length < 4) return 1;
  const script = SCRIPTS[language] ?? LATIN;
  return letters.filter((letter) => script.test(letter)).length / letters.length;
}

function mostUsed(regions: readonly { lines: OcrLine[]; language: string }[]): string | null {
  const lengths = new Map<string, number>();
  for (const { lines, language } of regions) {
    const length = lines.reduce((sum, { text }) => sum + text.length, 0);
    lengths.set(language, (lengths.get(language) ?? 0) + length);
  }
  return [...lengths].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}
