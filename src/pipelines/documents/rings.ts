import type { Box } from "./page-text.ts";
import type { Raster } from "./raster.ts";

/** Diameter range of circled numbers in points, for fonts of 7 to 16 points. */
const LEAST_POINTS = 5.5;
const MOST_POINTS = 15;
/** Minimum ratio of the shorter to the longer side. */
const ROUND = 0.82;
const DIRECTIONS = 48;
/** Minimum number of directions that meet the outline. */
const MET = 43;
/** Gap between the outline and its content: radius in diameters, and the minimum fraction of white. */
const GAP = 0.37;
const LEAST_GAP = 0.5;
/** Fraction of ink in the middle of the ring. Less is an O, more is a dot. */
const LEAST_INK = 0.06;
const MOST_INK = 0.8;

/**
 * Finds circled numbers on a page, in pixels: rings of about a letter's size with something inside. They must be found
 * before OCR, because no available engine reads them.
 */
export function findRings({ data, width, height, dpi }: Raster, threshold: number): Box[] {
  const least = Math.max(8, (LEAST_POINTS * dpi) / 72);
  const most = (MOST_POINTS * dpi) / 72;
  const labels = new Int32Array(width * height);
  const stack = new Int32Array(width * height);
  const rings: Box[] = [];
  let label = 0;
  for (let start = 0; start < data.length; start++) {
    if (data[start]! >= threshold || labels[start]) continue;
    const box = fill(start, ++label);
    if (isRound(box) && hasOutline(box, label) && isClosed(box, label) && hasInside(box)) rings.push(box);
  }
  return rings;

  function fill(start: number, own: number): Box {
    let [left, rightEdge, top, low, depth] = [width, -1, height, -1, 0];
    stack[depth++] = start;
    labels[start] = own;
    while (depth > 0) {
      const at = stack[--depth]!;
      const x = at % width;
      const y = (at - x) / width;
      if (x < left) left = x;
      if (x > rightEdge) rightEdge = x;
      if (y < top) top = y;
      if (y > low) low = y;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (labels[next] || data[next]! >= threshold) continue;
          labels[next] = own;
          stack[depth++] = next;
        }
      }
    }
    return { x: left, y: top, width: rightEdge - left + 1, height: low - top + 1 };
  }

  function isRound({ width: w, height: h }: Box): boolean {
    return w >= least && w <= most && h >= least && h <= most && w / h >= ROUND && h / w >= ROUND;
  }

  function hasOutline(box: Box, own: number): boolean {
    const [cx, cy] = middle(box);
    let met = 0;
    for (let direction = 0; direction < DIRECTIONS; direction++) {
      const angle = (direction * 2 * Math.PI) / DIRECTIONS;
      for (let radius = 0.4; radius <= 0.52; radius += 0.02) {
        const x = Math.round(cx + Math.cos(angle) * radius * box.width);
        const y = Math.round(cy + Math.sin(angle) * radius * box.height);
        if (x < 0 || y < 0 || x >= width || y >= height || labels[y * width + x] !== own) continue;
        met++;
        break;
      }
    }
    return met >= MET;
  }

  /** Whether a flood fill from outside fails to reach the gap inside the outline. */
  function isClosed(box: Box, own: number): boolean {
    const [w, h] = [box.width + 2, box.height + 2];
    const seen = new Uint8Array(w * h);
    const open = [0];
    seen[0] = 1;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const x = at % w;
      const y = (at - x) / w;
      for (const [nx, ny] of [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ] as const) {
        if (nx < 0 || ny < 0 || nx >= w || ny >= h || seen[ny * w + nx]) continue;
        if (isOf(box.x + nx - 1, box.y + ny - 1, own)) continue;
        seen[ny * w + nx] = 1;
        open.push(ny * w + nx);
      }
    }
    let [met, gap] = [0, 0];
    for (let direction = 0; direction < DIRECTIONS; direction++) {
      const angle = (direction * 2 * Math.PI) / DIRECTIONS;
      const x = Math.round((w - 1) / 2 + Math.cos(angle) * GAP * box.width);
      const y = Math.round((h - 1) / 2 + Math.sin(angle) * GAP * box.height);
      if (seen[y * w + x]) met++;
      else if (!isOf(box.x + x - 1, box.y + y - 1, own)) gap++;
    }
    return met === 0 && gap >= DIRECTIONS * LEAST_GAP;
  }

  function isOf(x: number, y: number, own: number): boolean {
    return x >= 0 && y >= 0 && x < width && y < height && labels[y * width + x] === own;
  }

  function hasInside(box: Box): boolean {
    const [cx, cy] = middle(box);
    let [ink, all] = [0, 0];
    for (let y = Math.round(cy - box.height * 0.28); y <= cy + box.height * 0.28; y++) {
      for (let x = Math.round(cx - box.width * 0.28); x <= cx + box.width * 0.28; x++) {
        all++;
        if (data[y * width + x]! < threshold) ink++;
      }
    }
    return ink / all >= LEAST_INK && ink / all <= MOST_INK;
  }
}

function middle({ x, y, width, height }: Box): [number, number] {
  return [x + (width - 1) / 2, y + (height - 1) / 2];
}

/** Removes rings from a raster, so that OCR does not misread them. */
export function eraseRings({ data, width, height }: Raster, rings: readonly Box[]): void {
  const around = 2;
  for (const ring of rings) {
    const from = Math.max(0, ring.x - around);
    const to = Math.min(width, ring.x + ring.width + around);
    const low = Math.min(height, ring.y + ring.height + around);
    for (let y = Math.max(0, ring.y - around); y < low; y++) data.fill(255, y * width + from, y * width + to);
  }
}
