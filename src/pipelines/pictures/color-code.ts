import { type Chromaticities, iccProfile, type Transfer } from "./icc.ts";

/** Color description with the numbers of ITU-T H.273, as in `cICP` of PNG and `nclx` of AVIF. */
export interface ColorCode {
  primaries: number;
  transfer: number;
}

const D65 = [0.3127, 0.329] as const;
export const SRGB_PRIMARIES: Chromaticities = [[0.64, 0.33], [0.3, 0.6], [0.15, 0.06], D65];
const PRIMARIES: Readonly<Record<number, Chromaticities>> = {
  1: SRGB_PRIMARIES,
  4: [
    [0.67, 0.33],
    [0.21, 0.71],
    [0.14, 0.08],
    [0.31, 0.316],
  ],
  5: [[0.64, 0.33], [0.29, 0.6], [0.15, 0.06], D65],
  6: [[0.63, 0.34], [0.31, 0.595], [0.155, 0.07], D65],
  7: [[0.63, 0.34], [0.31, 0.595], [0.155, 0.07], D65],
  8: [
    [0.681, 0.319],
    [0.243, 0.692],
    [0.145, 0.049],
    [0.31, 0.316],
  ],
  9: [[0.708, 0.292], [0.17, 0.797], [0.131, 0.046], D65],
  11: [
    [0.68, 0.32],
    [0.265, 0.69],
    [0.15, 0.06],
    [0.314, 0.351],
  ],
  12: [[0.68, 0.32], [0.265, 0.69], [0.15, 0.06], D65],
  22: [[0.63, 0.34], [0.295, 0.605], [0.155, 0.077], D65],
};

const [LINEAR, SRGB, PQ, HLG] = [8, 13, 16, 18];
/** Transfer functions of photos and TV, which every viewer shows as sRGB. */
const LIKE_SRGB: readonly number[] = [1, 6, SRGB!, 14, 15];
/** Luminance of 1 in a PQ file, and of paper white, in cd/m². */
const [PQ_PEAK, WHITE] = [10_000, 203];
/** Brightness that images are mastered for, relative to white. It maps to white. */
const BRIGHTEST = 1_000 / WHITE;
const STEPS = 4_096;

/** Whether these colors allow values brighter than paper white. */
export function isHdr({ transfer }: ColorCode): boolean {
  return transfer === PQ || transfer === HLG;
}

/** An ICC profile for these colors. `null` for sRGB and for unknown numbers. */
export function profileOf({ primaries, transfer }: ColorCode, gray: boolean): Buffer | null {
  const colors = PRIMARIES[primaries];
  const curve = curveOf(transfer);
  if (!colors || !curve) return null;
  if (LIKE_SRGB.includes(transfer) && (gray || colors === SRGB_PRIMARIES)) return null;
  return iccProfile(gray ? null : colors, curve);
}

function curveOf(transfer: number): Transfer | null {
  if (LIKE_SRGB.includes(transfer)) return { table: sampled(srgbLight, 1_024) };
  switch (transfer) {
    case 4:
      return { power: 2.2 };
    case 5:
      return { power: 2.8 };
    case 7:
      return { table: sampled(smpte240Light, 1_024) };
    case LINEAR:
      return { power: 1 };
    case 17:
      // SMPTE ST 428-1, where white is slightly below the largest value.
      return { table: sampled((value) => Math.min(1, (value ** 2.6 * 52.37) / 48), 1_024) };
    case PQ:
      return { table: sampled((value) => dimmed((pqLight(value) * PQ_PEAK) / WHITE), STEPS) };
    case HLG:
      return { table: sampled((value) => dimmed(hlgLight(value) * BRIGHTEST), STEPS) };
    default:
      return null;
  }
}

function sampled(light: (value: number) => number, steps: number): number[] {
  return Array.from({ length: steps }, (_, index) => light(index / (steps - 1)));
}

export function srgbLight(value: number): number {
  return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function smpte240Light(value: number): number {
  return value < 0.0913 ? value / 4 : ((value + 0.1115) / 1.1115) ** (1 / 0.45);
}

/** SMPTE ST 2084 EOTF, 0 to 1. */
function pqLight(value: number): number {
  const [m1, m2, c1, c2, c3] = [
    2610 / 16_384,
    (2523 / 4096) * 128,
    3424 / 4096,
    (2413 / 4096) * 32,
    (2392 / 4096) * 32,
  ];
  const root = value ** (1 / m2);
  return (Math.max(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1);
}

/** ARIB STD-B67 for its reference display of 1,000 cd/m², 0 to 1. */
function hlgLight(value: number): number {
  const [a, b, c] = [0.178_832_77, 0.284_668_92, 0.559_910_73];
  const scene = value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - c) / a) + b) / 12;
  return scene ** 1.2;
}

/** Tone mapping of light relative to white, so that the brightest becomes 1. Reinhard's curve, as in browsers. */
function dimmed(light: number): number {
  return Math.min(1, (light * (1 + light / BRIGHTEST ** 2)) / (1 + light));
}
