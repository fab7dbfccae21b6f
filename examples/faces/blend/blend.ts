import Delaunator from "delaunator";
import type { Point } from "../face/finder.ts";
import type { Picture } from "../face/portrait.ts";
import { toLab, toRgb } from "./lab.ts";
import { type FacePixels, facePixels } from "./mask.ts";
import { between, type Colors, colorsOf, mixFaces } from "./mix-colors.ts";
import { type Shares, shareField } from "./regions.ts";
import { followedBy, inverse, moved, type Similarity, similarity } from "./similarity.ts";
import { type Square, warp } from "./warp.ts";

export interface Parent {
  picture: Picture;
  points: readonly Point[];
}

export interface BlendOptions {
  /** Parent whose hair, clothes and surroundings frame the face. `oval` uses neither. */
  frame: "first" | "second" | "oval";
  shares: Shares;
  /** Weight of the second parent outside the regions, for example in colors. */
  resemblance: number;
  /** Side of the square image in pixels. */
  size: number;
}

/** Positions of the outer eye corners and the chin, as fractions of the side. A head needs more space than a face. */
const places = {
  head: [
    [0.365, 0.46],
    [0.635, 0.46],
    [0.5, 0.8],
  ],
  oval: [
    [0.32, 0.42],
    [0.68, 0.42],
    [0.5, 0.88],
  ],
} as const;
const ANCHORS = [33, 263, 152] as const;
/** Background of an oval: a warm, light gray. */
const BACKDROP = [236, 233, 228] as const;

/** Blends the face of a child of two parents. Returns sRGB, three numbers per pixel. Deterministic. */
export async function blendFaces(first: Parent, second: Parent, options: BlendOptions): Promise<Uint8Array> {
  const { size, shares, frame, resemblance } = options;
  const [ownWay, otherWay] = placements(first, second, options);
  const own = first.points.map((point) => moved(ownWay, point));
  const other = second.points.map((point) => moved(otherWay, point));
  const middle = lerp(own, other, () => 0.5);
  const pointShare = shareField(middle, shares);
  const child = lerp(own, other, ([x, y]) => pointShare(x, y), middle);
  const border = borderPoints(size);
  const all = [...child, ...border];
  const { triangles } = Delaunator.from(all as [number, number][]);
  const inFace = triangles.filter((_, at) => isFace(triangles, at));

  const faceOf = (parent: Parent) =>
    warp(parent.picture, { from: parent.points, to: child, triangles: inFace, size });
  const [a, b] = [faceOf(first), faceOf(second)];
  const pixels = await facePixels(child, size);
  for (const face of [a, b]) toLab(face.data, pixels.covered);
  const goal = goalOf(colorsOf(a, pixels.inside), colorsOf(b, pixels.inside), { frame, resemblance });
  const face = mixFaces(a, b, { face: pixels, share: shareField(child, shares), goal });
  toRgb(face.data, pixels.covered);

  if (frame === "oval") return layOver(backdrop(size), face, pixels);
  const [host, way] = frame === "first" ? [first, ownWay] : [second, otherWay];
  const around = border.map((point) => moved(inverse(way), point));
  const scene = warp(host.picture, { from: [...host.points, ...around], to: all, triangles, size });
  return layOver(scene, face, pixels);
}

/** Fraction of the frame's edge that lies outside the host's photo, 0 to 1. */
export function missingEdge(host: Parent, other: Parent, size: number): number {
  const [way] = placements(host, other, { frame: "first", size });
  const back = inverse(way);
  const { width, height } = host.picture;
  const slack = Math.max(width, height) * 0.02;
  const border = borderPoints(size);
  const beyond = border.filter((point) => {
    const [x, y] = moved(back, point);
    return x < -slack || y < -slack || x > width + slack || y > height + slack;
  });
  return beyond.length / border.length;
}

/** Aligns each face with the frame by eyes and chin, then with the mean of both by all points. */
function placements(
  first: Parent,
  second: Parent,
  { frame, size }: Pick<BlendOptions, "frame" | "size">,
): [Similarity, Similarity] {
  const goal = places[frame === "oval" ? "oval" : "head"].map(([x, y]) => [x * size, y * size] as const);
  const ways = [first, second].map(({ points }) =>
    similarity(
      ANCHORS.map((index) => points[index]!),
      goal,
    ),
  );
  const placed = [first, second].map(({ points }, n) => points.map((point) => moved(ways[n]!, point)));
  const middle = lerp(placed[0]!, placed[1]!, () => 0.5);
  return ways.map((way, n) => followedBy(way, similarity(placed[n]!, middle))) as [Similarity, Similarity];
}

/** @param at points at which the share is evaluated. @default the first points */
function lerp(
  from: readonly Point[],
  to: readonly Point[],
  share: (place: Point) => number,
  at: readonly Point[] = from,
): Point[] {
  return from.map(([x, y], index) => {
    const part = share(at[index]!);
    return [x + (to[index]![0] - x) * part, y + (to[index]![1] - y) * part];
  });
}

const MESH = 468;
/** Whether an entry's triangle has no corner on the border. */
function isFace(triangles: ArrayLike<number>, at: number): boolean {
  const start = at - (at % 3);
  return [0, 1, 2].every((corner) => triangles[start + corner]! < MESH);
}

/** Points on the edges of the square, so that the triangles cover all of it. */
function borderPoints(size: number): Point[] {
  const last = size - 1;
  const steps = Array.from({ length: 8 }, (_, n) => (n / 8) * last);
  return steps.flatMap((step) => [
    [step, 0],
    [last, step],
    [last - step, last],
    [0, last - step],
  ]) as Point[];
}

function goalOf(
  first: Colors,
  second: Colors,
  { frame, resemblance }: Pick<BlendOptions, "frame" | "resemblance">,
): Colors {
  // In a parent's frame, the face must match that parent's neck and ears.
  if (frame === "oval") return between(first, second, resemblance);
  return frame === "first" ? first : second;
}

function backdrop(size: number): Square {
  return { size, data: Float32Array.from({ length: size * size * 3 }, (_, at) => BACKDROP[at % 3]!) };
}

function layOver(scene: Square, face: Square, { mask }: FacePixels): Uint8Array {
  return Uint8Array.from(scene.data, (value, at) => {
    const cover = mask[Math.trunc(at / 3)]! / 255;
    return Math.round(Math.min(255, Math.max(0, value * (1 - cover) + face.data[at]! * cover)));
  });
}
