import { around, type Box, median, right, type TextWord } from "./page-text.ts";
import type { Character } from "./pdf-characters.ts";

/** Words on one baseline without a wide gap: a line, or its part in one column. */
export interface Segment {
  box: Box;
  baseline: number;
  size: number;
  words: TextWord[];
}

/** All in font sizes. Measured on output of browsers, word processors and LaTeX. */
const SAME_BASELINE = 0.25;
const NEXT_SEGMENT = 1.9;
/** Gaps that count as a space, in files without and with space characters. */
const GAP_WITHOUT_SPACES = 0.17;
const GAP_WITH_SPACES = 0.35;
/** Maximum offset of a character that was printed twice to look bold. */
const PRINTED_TWICE = 0.12;
/** Maximum size, distance and gap of a super- or subscript, in sizes of its line. */
const SCRIPT_SIZE = 0.85;
const SCRIPT_SHIFT = 0.65;
const SCRIPT_GAP = 0.6;

/** Groups upright characters into segments, whatever their order in the file. */
export function segmentsOf(characters: readonly Character[]): Segment[] {
  const hasSpaces = characters.some(({ isSpace }) => isSpace);
  const gap = hasSpaces ? GAP_WITH_SPACES : GAP_WITHOUT_SPACES;
  return attachScripts(rowsOf(characters).flatMap((row) => cutRow(row, gap)));
}

interface Row {
  baseline: number;
  size: number;
  characters: Character[];
}

/** How many rows back to look for the same baseline. */
const ROWS_BACK = 6;

function rowsOf(characters: readonly Character[]): Row[] {
  const sorted = characters
    .filter(({ text, box }) => text !== "" && box.height >= 0)
    .sort((a, b) => a.baseline - b.baseline || a.box.x - b.box.x);
  const rows: Row[] = [];
  for (const character of sorted) {
    const near = rows.slice(-ROWS_BACK).findLast((row) => {
      const tolerance = Math.max(1, Math.min(character.size, row.size) * SAME_BASELINE);
      return Math.abs(row.baseline - character.baseline) <= tolerance;
    });
    if (near) near.characters.push(character);
    else rows.push({ baseline: character.baseline, size: character.size, characters: [character] });
  }
  return rows;
}

function cutRow(row: Row, gap: number): Segment[] {
  const characters = row.characters.sort((a, b) => a.box.x - b.box.x);
  const runs: Character[][] = [];
  let last: Character | undefined;
  let spaces: Character[] = [];
  for (const character of characters) {
    if (character.isSpace) {
      spaces.push(character);
      continue;
    }
    if (last && isSameAgain(last, character)) continue;
    const distance = last ? character.box.x - right(last.box) : 0;
    if (!last || distance > NEXT_SEGMENT * Math.max(last.size, character.size)) runs.push([character]);
    else runs.at(-1)!.push(...spaces, character);
    spaces = [];
    last = character;
  }
  return runs.map((run) => segmentOf(run, gap));
}

/** Width from which a glyph is a ligature "ff" rather than the same letter twice. */
const WIDE_F = 0.45;

function isSameAgain(a: Character, b: Character): boolean {
  if (a.text === "f" && a.box.width > WIDE_F * a.size && a.start === b.start) return false;
  return a.text === b.text && b.box.x - a.box.x < PRINTED_TWICE * a.size && b.box.x >= a.box.x;
}

function segmentOf(run: readonly Character[], gap: number): Segment {
  const words: Character[][] = [];
  let last: Character | undefined;
  let afterSpace = true;
  for (const character of run) {
    if (character.isSpace) {
      afterSpace = true;
      continue;
    }
    const isWide = last !== undefined && character.box.x - right(last.box) > gap * character.size;
    if (afterSpace || isWide || !last) words.push([character]);
    else words.at(-1)!.push(character);
    afterSpace = false;
    last = character;
  }
  const shown = run.filter(({ isSpace }) => !isSpace);
  return {
    words: words.map(wordOf),
    box: around(shown.map(inkBox)),
    baseline: median(shown.map(({ baseline }) => baseline)),
    size: median(shown.map(({ size }) => size)),
  };
}

function wordOf(characters: readonly Character[]): TextWord {
  const text = characters
    .map((character) => character.text)
    .join("")
    .normalize("NFC");
  return { text, box: around(characters.map(inkBox)), confidence: 1 };
}

/** Fonts report very different heights, so this uses the typical extent of letters around the baseline. */
function inkBox({ box, baseline, size }: Character): Box {
  return { x: box.x, width: box.width, y: baseline - 0.85 * size, height: 1.05 * size };
}

/** Merges super- and subscripts into their lines. */
function attachScripts(segments: readonly Segment[]): Segment[] {
  const kept: Segment[] = [];
  for (const small of segments) {
    const line = segments.find((other) => other !== small && isScriptOf(small, other));
    if (line) insertScript(line, small);
    else kept.push(small);
  }
  return kept;
}

function isScriptOf(small: Segment, line: Segment): boolean {
  if (small.size > line.size * SCRIPT_SIZE) return false;
  const shift = Math.abs(small.baseline - line.baseline);
  if (shift > line.size * SCRIPT_SHIFT || shift < line.size * 0.1) return false;
  const within = SCRIPT_GAP * line.size;
  if (small.box.width > line.size * 6) return false;
  return line.words.some(({ box }) => {
    const after = small.box.x - right(box);
    return after > -within && after < within;
  });
}

/** Inserts a script after the word that it follows, without a space unless there is a gap. */
function insertScript(line: Segment, small: Segment): void {
  const text = small.words.map((word) => word.text).join(" ");
  const at = line.words.findLastIndex(({ box }) => box.x <= small.box.x);
  const word = line.words[Math.max(0, at)]!;
  word.text += text;
  word.box = around([word.box, small.box]);
  line.box = around([line.box, small.box]);
}
