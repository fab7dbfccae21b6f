import type { Point } from "./finder.ts";

/** Proportions of a face. Unlike landmarks, they do not identify a person. */
export type Ratios = {
  /** Height of the face, in face widths. */
  length: number;
  /** Distance between the inner eye corners, in face widths. */
  eyeSpacing: number;
  /** Width of an eye, in face widths. */
  eyeSize: number;
  /** Width of the nose, in face widths. */
  noseWidth: number;
  /** Length of the nose from between the eyes to its tip, in face heights. */
  noseLength: number;
  /** Width of the mouth, in face widths. */
  mouthWidth: number;
  /** Height of both lips, in mouth widths. */
  lipFullness: number;
  /** Width of the jaw, in face widths. */
  jawWidth: number;
};

/** Mesh points by facial feature. */
const mark = {
  top: 10,
  chin: 152,
  cheeks: [234, 454],
  innerEyes: [133, 362],
  rightEye: [33, 133],
  leftEye: [362, 263],
  nostrils: [64, 294],
  betweenEyes: 168,
  noseTip: 1,
  mouthCorners: [61, 291],
  upperLip: 0,
  lowerLip: 17,
  jaw: [172, 397],
} as const;

export function ratiosOf(points: readonly Point[]): Ratios {
  const between = (a: number, b: number) =>
    Math.hypot(points[a]![0] - points[b]![0], points[a]![1] - points[b]![1]);
  const width = between(...mark.cheeks);
  const height = between(mark.top, mark.chin);
  const mouth = between(...mark.mouthCorners);
  return {
    length: height / width,
    eyeSpacing: between(...mark.innerEyes) / width,
    eyeSize: (between(...mark.rightEye) + between(...mark.leftEye)) / 2 / width,
    noseWidth: between(...mark.nostrils) / width,
    noseLength: between(mark.betweenEyes, mark.noseTip) / height,
    mouthWidth: mouth / width,
    lipFullness: between(mark.upperLip, mark.lowerLip) / mouth,
    jawWidth: between(...mark.jaw) / width,
  };
}
