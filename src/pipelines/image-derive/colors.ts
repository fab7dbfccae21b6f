import type { Canvas } from "../pictures/canvas.ts";

export interface DominantColor {
  /** `#rrggbb`. */
  color: string;
  /** Fraction of the image with about this color, 0 to 1. */
  share: number;
}

const MAX_COLORS = 6;
/** In Oklab, where black and white have distance 1. Closer colors look alike. */
const ALIKE = 0.12;
const LEAST_SHARE = 0.01;
/** Pixels with less alpha have no color. */
const LEAST_ALPHA = 128;

interface Group {
  red: number;
  green: number;
  blue: number;
  count: number;
}

/** The most common colors of an image, by area. */
export function dominantColors(canvas: Canvas): DominantColor[] {
  const groups = [...histogram(canvas).values()].sort((a, b) => b.count - a.count);
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const found: { group: Group; lab: Lab }[] = [];
  for (const group of groups) {
    const lab = oklab(mean(group));
    const alike = found.find((one) => apart(one.lab, lab) < ALIKE);
    if (!alike) found.push({ group: { ...group }, lab });
    else add(alike.group, group);
  }
  return found
    .map(({ group }) => ({
      color: hex(mean(group)),
      share: Math.round((group.count / total) * 1_000) / 1_000,
    }))
    .filter(({ share }) => share >= LEAST_SHARE)
    .sort((a, b) => b.share - a.share)
    .slice(0, MAX_COLORS);
}

/** Groups pixels by the upper 4 bits of each channel. */
function histogram({ data, channels }: Canvas): Map<number, Group> {
  const groups = new Map<number, Group>();
  for (let at = 0; at < data.length; at += channels) {
    if (channels === 4 && data[at + 3]! < LEAST_ALPHA) continue;
    const [red, green, blue] = [data[at]!, data[at + 1]!, data[at + 2]!];
    const key = ((red >> 4) << 8) | ((green >> 4) << 4) | (blue >> 4);
    const group = groups.get(key);
    if (group) add(group, { red, green, blue, count: 1 });
    else groups.set(key, { red, green, blue, count: 1 });
  }
  return groups;
}

function add(group: Group, other: Group): void {
  group.red += other.red;
  group.green += other.green;
  group.blue += other.blue;
  group.count += other.count;
}

type Rgb = readonly [number, number, number];
type Lab = readonly [number, number, number];

function mean({ red, green, blue, count }: Group): Rgb {
  return [red / count, green / count, blue / count];
}

function hex(color: Rgb): string {
  return `#${color.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}

function apart(one: Lab, other: Lab): number {
  return Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2]);
}

/** Björn Ottosson, "A perceptual color space for image processing", 2020. */
function oklab(color: Rgb): Lab {
  const [r, g, b] = color.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
