import sharp from "sharp";
import type { Point } from "../face/finder.ts";
import { OVAL } from "./oval.ts";

/** Width of the soft edge, as a fraction of the side. */
const FEATHER = 1 / 64;

/** Shrinks the outline, because the models put it at the edge of the head, where hair and background begin. */
const KEPT = 0.96;

export interface FacePixels {
  /** Opacity of the face: 255 inside, falling toward the edge, 0 outside. */
  mask: Uint8Array;
  /** Indexes of all pixels of the face, and of those fully inside. */
  covered: Uint32Array;
  inside: Uint32Array;
}

export async function facePixels(points: readonly Point[], size: number): Promise<FacePixels> {
  const outline = OVAL.map((index) => points[index]!);
  const center = [0, 1].map((axis) => outline.reduce((sum, point) => sum + point[axis]!, 0) / outline.length);
  const corners = outline
    .map((point) => point.map((value, axis) => (center[axis]! + (value - center[axis]!) * KEPT).toFixed(2)))
    .join(" ");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"><rect width="${size}" height="${size}"/><polygon points="${corners}" fill="#fff"/></svg>`;
  const oval = await sharp(Buffer.from(svg)).extractChannel(0).raw().toBuffer();
  const raw = { width: size, height: size, channels: 1 } as const;
  const blurred = await sharp(oval, { raw })
    .blur(size * FEATHER)
    .extractChannel(0)
    .raw()
    .toBuffer();
  // The blur is one half at the face's edge, so nothing outside is covered.
  const mask = Uint8Array.from(blurred, (value) => Math.min(255, Math.max(0, (value - 128) * 2.2)));
  return { mask, covered: atLeast(mask, 1), inside: atLeast(mask, 255) };
}

function atLeast(mask: Uint8Array, least: number): Uint32Array {
  const found = new Uint32Array(mask.length);
  let count = 0;
  for (let pixel = 0; pixel < mask.length; pixel++) if (mask[pixel]! >= least) found[count++] = pixel;
  return found.subarray(0, count);
}
