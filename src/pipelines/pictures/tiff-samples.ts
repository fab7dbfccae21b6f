import { undecodable } from "./failure.ts";
import type { TiffPage } from "./tiff.ts";
import { readsCompression, tiffParts } from "./tiff-parts.ts";
import { writeTiff } from "./tiff-write.ts";
import type { Warning } from "./warning.ts";

/** Common maxima of floating-point samples. */
const USUAL_MAXIMA = [1, 255, 65_535];
const [MIN_IS_WHITE, MIN_IS_BLACK, RGB, CMYK] = [0, 1, 2, 5];
/** Number of color channels, by photometric interpretation. */
const COLORS: Readonly<Record<number, number>> = {
  [MIN_IS_WHITE!]: 1,
  [MIN_IS_BLACK!]: 1,
  [RGB!]: 3,
  [CMYK!]: 4,
};
const MAX = 65_535;

/**
 * Whether libvips would misread a page's samples or not read them at all: signed, 32- and 64-bit, and floating-point
 * samples, and tiles with one color each.
 */
export function hasOddSamples({ sampleFormat, bits, tiled, layout }: TiffPage): boolean {
  return sampleFormat !== "unsigned" || bits > 16 || (tiled && layout.planar);
}

/**
 * Converts such a page to a separate TIFF with 16 bits per sample (8 for unsigned 8-bit samples). Scales by the range
 * in the file, or else the usual range for this kind of samples, or else the range of the values. Floating-point RGB
 * without a range is linear light. Check the page's size first.
 */
export function plainSamples(
  data: Buffer,
  page: TiffPage,
  what: string,
): { data: Buffer; warnings: Warning[] } {
  const { width, height, samples, photometric, layout } = page;
  const colors = COLORS[photometric];
  const read = readerOf(page);
  if (!read || !colors || samples < colors || samples > colors + 1 || !readsCompression(page.compression)) {
    throw undecodable(`${what} has ${kindOf(page)}, which is not supported.`);
  }
  const values = readValues(data, page, read);
  const scale = scaleOf(values, page, colors);
  const deep = page.sampleFormat !== "unsigned" || page.bits > 8;
  const count = width * height * samples;
  const plain = deep ? new Uint16Array(count) : new Uint8Array(count);
  for (let at = 0; at < count; at++) {
    const isColor = at % samples < colors;
    plain[at] = deep ? (isColor ? scale.color(values[at]!) : scale.alpha(values[at]!)) : values[at]!;
  }
  const { orientation, extraSamples, blobs } = layout;
  const extra = samples > colors ? [extraSamples[0] || 2] : [];
  const file = writeTiff({
    ...{ width, height, photometric, orientation, blobs },
    ...{ channels: samples, samples: plain, extraSamples: extra, density: page.density },
  });
  return { data: file, warnings: scale.warnings };
}

function kindOf({ bits, sampleFormat, samples, tiled, layout }: TiffPage): string {
  const planes = tiled && layout.planar ? " in tiles of one color each" : "";
  return `${samples} ${sampleFormat === "float" ? "floating-point" : sampleFormat} samples of ${bits} bits a pixel${planes}`;
}

type ReadSample = (view: DataView, at: number, little: boolean) => number;

function readerOf({ sampleFormat, bits }: TiffPage): ReadSample | undefined {
  const readers: Record<string, ReadSample> = {
    unsigned8: (view, at) => view.getUint8(at),
    unsigned16: (view, at, little) => view.getUint16(at, little),
    unsigned32: (view, at, little) => view.getUint32(at, little),
    unsigned64: (view, at, little) => Number(view.getBigUint64(at, little)),
    signed8: (view, at) => view.getInt8(at),
    signed16: (view, at, little) => view.getInt16(at, little),
    signed32: (view, at, little) => view.getInt32(at, little),
    signed64: (view, at, little) => Number(view.getBigInt64(at, little)),
    float16: (view, at, little) => view.getFloat16(at, little),
    float32: (view, at, little) => view.getFloat32(at, little),
    float64: (view, at, little) => view.getFloat64(at, little),
  };
  return readers[`${sampleFormat}${bits}`];
}

function readValues(data: Buffer, page: TiffPage, read: ReadSample): Float32Array {
  const { width, height, samples, bits, layout } = page;
  const values = new Float32Array(width * height * samples);
  const channels = layout.planar ? 1 : samples;
  const bytes = bits / 8;
  for (const part of tiffParts(data, page)) {
    const view = new DataView(part.bytes.buffer, part.bytes.byteOffset, part.bytes.length);
    const rows = Math.min(part.bytes.length / (part.width * channels * bytes), height - part.y);
    const across = Math.min(part.width, width - part.x);
    for (let y = 0; y < rows; y++) {
      for (let each = 0; each < across * channels; each++) {
        const pixel = (part.y + y) * width + part.x + Math.floor(each / channels);
        const at = (y * part.width * channels + each) * bytes;
        values[pixel * samples + part.plane + (each % channels)] = read(view, at, part.little);
      }
    }
  }
  return values;
}

interface Scale {
  color(value: number): number;
  alpha(value: number): number;
  warnings: Warning[];
}

function scaleOf(values: Float32Array, page: TiffPage, colors: number): Scale {
  const { sampleFormat, bits, photometric, range } = page;
  const most = sampleFormat === "float" ? 1 : 2 ** (sampleFormat === "signed" ? bits - 1 : bits) - 1;
  const alpha = (value: number) => within((value / most) * MAX);
  // 0 is black in floating-point CMYK as well: its numbers are fractions of ink.
  if (sampleFormat === "float" && photometric === RGB && !range)
    return { color: (value) => within(encoded(value) * MAX), alpha, warnings: [] };
  const { min, max, guessed } =
    (range ?? sampleFormat === "unsigned") ? given(range, most) : guess(values, page, colors);
  const message = `The samples range from ${min} to ${max} and the file does not define white, so the lowest value became black and the highest white.`;
  return {
    color: (value) => within(((value - min) / (max - min)) * MAX),
    alpha,
    warnings: guessed ? [{ code: "range_stretched", message }] : [],
  };
}

function given(range: TiffPage["range"], most: number) {
  const [min, max] = range ?? [0, most];
  return { min, max, guessed: false };
}

/** Ignores NaN, which marks missing measurements in some files. */
function guess(values: Float32Array, { samples, sampleFormat, bits }: TiffPage, colors: number) {
  let [lowest, highest] = [Infinity, -Infinity];
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (at % samples >= colors || !Number.isFinite(value)) continue;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const usual =
    sampleFormat === "signed" ? 2 ** (bits - 1) - 1 : USUAL_MAXIMA.find((most) => highest <= most);
  if (lowest >= 0 && usual) return { min: 0, max: usual, guessed: false };
  return highest > lowest ? { min: lowest, max: highest, guessed: true } : { min: 0, max: 1, guessed: false };
}

function within(value: number): number {
  return value > 0 ? Math.min(MAX, Math.round(value)) : 0;
}

/** Encodes linear light as sRGB. */
function encoded(light: number): number {
  return light <= 0.003_130_8 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055;
}
