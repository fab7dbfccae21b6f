import { around, type Box, bottom, right, roundedBox, type TextLine } from "./page-text.ts";
import type { Character } from "./pdf-characters.ts";
import { orderLines } from "./reading-order.ts";
import { segmentsOf } from "./segments.ts";

interface Size {
  width: number;
  height: number;
}

/**
 * Lines of a page in reading order. Rotated text is read in its own direction, after the direction that most of the
 * page has. So a page lying on its side comes out right, too.
 */
export function pageLines(characters: readonly Character[], page: Size): TextLine[] {
  const angles = Map.groupBy(characters, ({ angle }) => angle);
  const groups = [...angles].sort(([, a], [, b]) => b.length - a.length);
  const lines: TextLine[] = [];
  for (const [angle, group] of groups) {
    const first = (lines.at(-1)?.block ?? -1) + 1;
    const found = angle === 0 ? orderLines(segmentsOf(group), page) : turnedLines(group, angle, page);
    lines.push(...found.map((line) => ({ ...line, block: line.block + first })));
  }
  return lines;
}

function turnedLines(characters: readonly Character[], angle: number, page: Size): TextLine[] {
  const isAcross = angle % 180 > 45 && angle % 180 < 135;
  const size = isAcross ? { width: page.height, height: page.width } : page;
  const upright = characters.map((character) => turnedBack(character, angle, isAcross));
  return orderLines(segmentsOf(upright), size).map((line) => forward(line, angle));
}

function turnedBack(character: Character, angle: number, isAcross: boolean): Character {
  const { box } = character;
  const middle = turn(box.x + box.width / 2, box.y + box.height / 2, -angle);
  const origin = turn(character.start, character.baseline, -angle);
  const [width, height] = isAcross ? [box.height, box.width] : [box.width, box.height];
  return {
    ...character,
    box: { x: middle.x - width / 2, y: middle.y - height / 2, width, height },
    start: origin.x,
    baseline: origin.y,
    angle: 0,
  };
}

function forward(line: TextLine, angle: number): TextLine {
  const box = turnedBox(line.box, angle);
  return {
    ...line,
    box,
    baseline: bottom(box),
    blockLeft: box.x,
    words: line.words.map((word) => ({ ...word, box: turnedBox(word.box, angle) })),
  };
}

function turnedBox(box: Box, angle: number): Box {
  const corners = [
    turn(box.x, box.y, angle),
    turn(right(box), box.y, angle),
    turn(box.x, bottom(box), angle),
    turn(right(box), bottom(box), angle),
  ];
  return roundedBox(around(corners.map(({ x, y }) => ({ x, y, width: 0, height: 0 }))));
}

function turn(x: number, y: number, degrees: number): { x: number; y: number } {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { x: x * cos - y * sin, y: x * sin + y * cos };
}
