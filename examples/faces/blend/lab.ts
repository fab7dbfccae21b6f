/**
 * Converts between sRGB and CIE L*a*b* with the white point D65 (IEC 61966-2-1, CIE 15). In place, three numbers per
 * pixel, for the given pixel indexes.
 */

const WHITE = [0.95047, 1, 1.08883] as const;
const EPSILON = 216 / 24_389;
const KAPPA = 24_389 / 27;

export function toLab(pixels: Float32Array, which: Uint32Array): void {
  for (const pixel of which) {
    const at = pixel * 3;
    const r = linear(pixels[at]! / 255);
    const g = linear(pixels[at + 1]! / 255);
    const b = linear(pixels[at + 2]! / 255);
    const x = curve((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / WHITE[0]);
    const y = curve((0.2126729 * r + 0.7151522 * g + 0.072175 * b) / WHITE[1]);
    const z = curve((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / WHITE[2]);
    pixels[at] = 116 * y - 16;
    pixels[at + 1] = 500 * (x - y);
    pixels[at + 2] = 200 * (y - z);
  }
}

export function toRgb(pixels: Float32Array, which: Uint32Array): void {
  for (const pixel of which) {
    const at = pixel * 3;
    const fy = (pixels[at]! + 16) / 116;
    const x = WHITE[0] * uncurve(fy + pixels[at + 1]! / 500);
    const y = WHITE[1] * uncurve(fy);
    const z = WHITE[2] * uncurve(fy - pixels[at + 2]! / 200);
    pixels[at] = 255 * gamma(3.2404542 * x - 1.5371385 * y - 0.4985314 * z);
    pixels[at + 1] = 255 * gamma(-0.969266 * x + 1.8760108 * y + 0.041556 * z);
    pixels[at + 2] = 255 * gamma(0.0556434 * x - 0.2040259 * y + 1.0572252 * z);
  }
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function gamma(value: number): number {
  const kept = Math.min(1, Math.max(0, value));
  return kept <= 0.0031308 ? 12.92 * kept : 1.055 * kept ** (1 / 2.4) - 0.055;
}

function curve(value: number): number {
  return value > EPSILON ? Math.cbrt(value) : (KAPPA * value + 16) / 116;
}

function uncurve(value: number): number {
  const cubed = value ** 3;
  return cubed > EPSILON ? cubed : (116 * value - 16) / KAPPA;
}
