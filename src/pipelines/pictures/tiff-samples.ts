import sharp from "sharp";
import type { TiffPage } from "./tiff.ts";
import type { Warning } from "./warning.ts";

/** The largest value of each kind of sample that files are known to hold. */
const USUAL_MAXIMA = [1, 255, 65_535];

/**
 * A page whose samples libvips reads as they are and would then cut to 8 bits: floating-point gray, 32-bit
 * and signed integers. They become a 16-bit PNG, by the range that the file states, or else by the one that its
 * values lie in. `null` for any other page. Floating-point RGB without a stated range is linear light, which
 * libvips knows.
 */
export async function plainSamples(
  data: Buffer,
  page: TiffPage,
): Promise<{ data: Buffer; warnings: Warning[] } | null> {
  const { sampleFormat, bits, samples, range } = page;
  const isFloat = sampleFormat === "float" && (samples === 1 || range !== null);
  const isWide = sampleFormat !== "float" && bits === 32;
  if ((samples !== 1 && samples !== 3) || !(isFloat || isWide || sampleFormat === "signed")) return null;
  const space = samples === 1 ? "b-w" : sampleFormat === "float" ? "scrgb" : "srgb";
  const { data: bytes, info } = await sharp(data, { page: page.index, limitInputPixels: false })
    .toColourspace(space)
    .raw({ depth: "float" })
    .toBuffer({ resolveWithObject: true });
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const { min, max, guessed } = rangeOf(values, page);
  const scaled = Uint16Array.from(values, (value) =>
    Math.max(0, Math.min(65_535, Math.round(((value - min) / (max - min)) * 65_535))),
  );
  const channels = samples === 1 ? 1 : 3;
  const raw = { width: info.width, height: info.height, channels } as const;
  const png = await sharp(scaled, { raw, limitInputPixels: false })
    .toColourspace(samples === 1 ? "grey16" : "rgb16")
    .png({ compressionLevel: 0 })
    .toBuffer();
  const message = `The samples lie from ${min} to ${max} and the file does not say which is white: the lowest became black and the highest white.`;
  return { data: png, warnings: guessed ? [{ code: "range_stretched", message }] : [] };
}

function rangeOf(values: Float32Array, { range, sampleFormat, bits }: TiffPage) {
  if (range) return { min: range[0], max: range[1], guessed: false };
  if (sampleFormat === "unsigned") return { min: 0, max: 2 ** bits - 1, guessed: false };
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < lowest) lowest = value;
    if (value > highest && Number.isFinite(value)) highest = value;
  }
  const usual = USUAL_MAXIMA.find((most) => highest <= most);
  if (lowest >= 0 && usual) return { min: 0, max: usual, guessed: false };
  return highest > lowest ? { min: lowest, max: highest, guessed: true } : { min: 0, max: 1, guessed: false };
}
