import { type InkGrid, inkGrid, inkThreshold } from "./ink.ts";
import { around, type Box, bottom, right } from "./page-text.ts";
import type { Raster } from "./raster.ts";
import { blocksOf } from "./reading-order.ts";
import type { Segment } from "./segments.ts";

/** Side of a cell in pixels at 300 dpi. */
const SIDE_AT_300 = 8;
/** Maximum gap between words of one line, in cells. */
const WORD_GAP = 4;
/** Continuous ink over this fraction of the page's height or width is a rule or a frame. */
const RULE_HEIGHT = 0.1;
const RULE_WIDTH = 0.25;
/** White margin around a region, in pixels. */
const MARGIN = 8;

/** Regions to read separately, in reading order, in pixels. Removes rules from the raster. */
export function findRegions(raster: Raster): Box[] {
  const side = Math.max(2, Math.round((SIDE_AT_300 * raster.dpi) / 300));
  const threshold = inkThreshold(raster);
  const grid = inkGrid(raster, side, threshold);
  removeRules(grid, raster, threshold);
  const size = { width: grid.columns, height: grid.rows };
  const blocks = blocksOf(lineBoxes(grid), size);
  return blocks.map((block) => pixels(around(block.map(({ box }) => box)), side, raster));
}

function pixels(box: Box, side: number, { width, height }: Raster): Box {
  const x = Math.max(0, box.x * side - MARGIN);
  const y = Math.max(0, box.y * side - MARGIN);
  return {
    x,
    y,
    width: Math.min(width, right(box) * side + MARGIN) - x,
    height: Math.min(height, bottom(box) * side + MARGIN) - y,
  };
}

/** Removes lines between columns and around boxes, which would connect separate regions. */
function removeRules(grid: InkGrid, raster: Raster, threshold: number): void {
  const { cells, columns, rows } = grid;
  const found: number[] = [];
  const longest = (from: number, step: number, count: number, least: number) => {
    let run = 0;
    for (let at = 0; at <= count; at++) {
      if (at < count && cells[from + at * step]) run++;
      else {
        if (run > least) for (let back = run; back > 0; back--) found.push(from + (at - back) * step);
        run = 0;
      }
    }
  };
  for (let x = 0; x < columns; x++) longest(x, columns, rows, rows * RULE_HEIGHT);
  for (let y = 0; y < rows; y++) longest(y * columns, 1, columns, columns * RULE_WIDTH);
  for (const at of found) {
    cells[at] = 0;
    whiten(raster, grid, at, threshold);
  }
}

/** Whitens only dark pixels, so that letters that touch the rule lose as little as possible. */
function whiten(
  { data, width, height }: Raster,
  { columns, side }: InkGrid,
  at: number,
  threshold: number,
): void {
  const left = (at % columns) * side;
  const top = Math.floor(at / columns) * side;
  for (let y = top; y < Math.min(height, top + side); y++) {
    for (let x = left; x < Math.min(width, left + side); x++) {
      if (data[y * width + x]! < threshold + 40) data[y * width + x] = 255;
    }
  }
}

/** Boxes of connected cells after closing the gaps between words: lines, or their parts in one column. */
function lineBoxes({ cells, columns, rows }: InkGrid): Segment[] {
  const runs: { row: number; from: number; to: number; box: number }[] = [];
  const boxes: (Box & { cells: number })[] = [];
  const parent: number[] = [];
  const rootOf = (box: number): number => {
    let root = box;
    while (parent[root] !== root) root = parent[root]!;
    parent[box] = root;
    return root;
  };
  let above: typeof runs = [];
  for (let y = 0; y < rows; y++) {
    const here = runsOf(cells.subarray(y * columns, (y + 1) * columns)).map(({ from, to }) => {
      const box = parent.length;
      parent.push(box);
      return { row: y, from, to, box };
    });
    for (const run of here) {
      for (const other of above) {
        if (other.from < run.to && run.from < other.to) parent[rootOf(run.box)] = rootOf(other.box);
      }
    }
    runs.push(...here);
    above = here;
  }
  for (const { row, from, to, box } of runs) {
    const root = rootOf(box);
    const run = { x: from, y: row, width: to - from, height: 1 };
    const known = boxes[root];
    boxes[root] = { ...(known ? around([known, run]) : run), cells: (known?.cells ?? 0) + to - from };
  }
  return boxes.filter(({ cells: count }) => count > 1).map(segmentOfBox);
}

function runsOf(row: Uint8Array): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (let x = 0; x < row.length; x++) {
    if (!row[x]) continue;
    const last = runs.at(-1);
    if (last && x - last.to <= WORD_GAP) last.to = x + 1;
    else runs.push({ from: x, to: x + 1 });
  }
  return runs;
}

function segmentOfBox({ x, y, width, height }: Box): Segment {
  return { box: { x, y, width, height }, baseline: y + height, size: height, words: [] };
}
