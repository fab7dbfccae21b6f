import type { Point } from "../face/finder.ts";
import type { Picture } from "../face/portrait.ts";

/** A square image with three numbers per pixel. */
export interface Square {
  data: Float32Array;
  size: number;
}

interface Mapping {
  from: readonly Point[];
  to: readonly Point[];
  /** Triples of indexes into both point lists. */
  triangles: ArrayLike<number>;
  size: number;
}

/** Warps an image triangle by triangle, so that its points move to their targets. Uncovered pixels stay 0. */
export function warp(picture: Picture, { from, to, triangles, size }: Mapping): Square {
  const data = new Float32Array(size * size * 3);
  for (let at = 0; at < triangles.length; at += 3) {
    const corner = (n: number) => triangles[at + n]!;
    const goal = [to[corner(0)]!, to[corner(1)]!, to[corner(2)]!] as const;
    const source = [from[corner(0)]!, from[corner(1)]!, from[corner(2)]!] as const;
    fill(picture, { source, goal, data, size });
  }
  return { data, size };
}

type Triangle = readonly [Point, Point, Point];

/** Extends triangles slightly beyond their edges, so that there are no seams. */
const EDGE = -1e-6;

function fill(
  picture: Picture,
  { source, goal, data, size }: { source: Triangle; goal: Triangle; data: Float32Array; size: number },
): void {
  const [[ax, ay], [bx, by], [cx, cy]] = goal;
  const area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy);
  if (Math.abs(area) < 1e-9) return;
  const [left, right] = [Math.max(0, Math.floor(Math.min(ax, bx, cx))), Math.ceil(Math.max(ax, bx, cx))];
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(ay, by, cy))), Math.ceil(Math.max(ay, by, cy))];
  const [[sax, say], [sbx, sby], [scx, scy]] = source;
  for (let y = top; y <= Math.min(size - 1, bottom); y++) {
    for (let x = left; x <= Math.min(size - 1, right); x++) {
      const a = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) / area;
      const b = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) / area;
      const c = 1 - a - b;
      if (a < EDGE || b < EDGE || c < EDGE) continue;
      const target = (y * size + x) * 3;
      sample(picture, a * sax + b * sbx + c * scx, a * say + b * sby + c * scy, data, target);
    }
  }
}

/** Bilinear interpolation. Outside the image, its edge pixels repeat. */
function sample({ data, width, height }: Picture, x: number, y: number, out: Float32Array, target: number) {
  const u = Math.min(Math.max(x, 0), width - 1.001);
  const v = Math.min(Math.max(y, 0), height - 1.001);
  const [left, top] = [Math.trunc(u), Math.trunc(v)];
  const [dx, dy] = [u - left, v - top];
  const at = (top * width + left) * 3;
  const below = at + width * 3;
  for (let channel = 0; channel < 3; channel++) {
    const upper = data[at + channel]! * (1 - dx) + data[at + 3 + channel]! * dx;
    const lower = data[below + channel]! * (1 - dx) + data[below + 3 + channel]! * dx;
    out[target + channel] = upper * (1 - dy) + lower * dy;
  }
}
