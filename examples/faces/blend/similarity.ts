import type { Point } from "../face/finder.ts";

/** Rotates, scales and translates: (x, y) becomes (ax − by + tx, bx + ay + ty). */
export interface Similarity {
  a: number;
  b: number;
  tx: number;
  ty: number;
}

/** The least-squares similarity from one set of points to another (Umeyama, without reflection). */
export function similarity(from: readonly Point[], to: readonly Point[]): Similarity {
  const [fx, fy] = middle(from);
  const [tx, ty] = middle(to);
  let along = 0;
  let across = 0;
  let size = 0;
  for (const [index, point] of from.entries()) {
    const [x, y] = [point[0] - fx, point[1] - fy];
    const [u, v] = [to[index]![0] - tx, to[index]![1] - ty];
    along += x * u + y * v;
    across += x * v - y * u;
    size += x * x + y * y;
  }
  const [a, b] = [along / size, across / size];
  return { a, b, tx: tx - a * fx + b * fy, ty: ty - b * fx - a * fy };
}

export function moved({ a, b, tx, ty }: Similarity, [x, y]: Point): Point {
  return [a * x - b * y + tx, b * x + a * y + ty];
}

export function inverse({ a, b, tx, ty }: Similarity): Similarity {
  const size = a * a + b * b;
  const [ia, ib] = [a / size, -b / size];
  return { a: ia, b: ib, tx: -ia * tx + ib * ty, ty: -ib * tx - ia * ty };
}

/** Composes two similarities. */
export function followedBy(first: Similarity, second: Similarity): Similarity {
  const [tx, ty] = moved(second, [first.tx, first.ty]);
  return {
    a: second.a * first.a - second.b * first.b,
    b: second.b * first.a + second.a * first.b,
    tx,
    ty,
  };
}

function middle(points: readonly Point[]): Point {
  let x = 0;
  let y = 0;
  for (const point of points) {
    x += point[0];
    y += point[1];
  }
  return [x / points.length, y / points.length];
}
