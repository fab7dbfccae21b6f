import type { Sharp, TiffOptions } from "sharp";
import { isHeic } from "./heic.ts";
import { isJxl } from "./jxl.ts";
import { isSvg } from "./svg.ts";

/** Input formats, recognized by their signatures. */
export type InputFormat =
  | "jpeg"
  | "png"
  | "webp"
  | "avif"
  | "gif"
  | "tiff"
  | "bmp"
  | "ico"
  | "svg"
  | "heic"
  | "jxl";
export type OutputFormat = Exclude<InputFormat, "ico" | "svg" | "heic" | "jxl">;

interface Format {
  mediaType: string;
  extension: string;
  label: string;
  /** Maximum pixels per side. */
  maxSide: number;
  animates: boolean;
  hasAlpha: boolean;
  /** Supports single-channel images. */
  hasGray: boolean;
  /** Supports 16 bits per channel. */
  isDeep: boolean;
  /** Can hold several pages of different sizes. */
  hasPages: boolean;
}

export const formats: Record<OutputFormat, Format> = {
  jpeg: {
    mediaType: "image/jpeg",
    extension: "jpg",
    label: "JPEG",
    maxSide: 65_535,
    animates: false,
    hasAlpha: false,
    hasGray: true,
    isDeep: false,
    hasPages: false,
  },
  png: {
    mediaType: "image/png",
    extension: "png",
    label: "PNG",
    maxSide: 1e9,
    animates: false,
    hasAlpha: true,
    hasGray: true,
    isDeep: true,
    hasPages: false,
  },
  webp: {
    mediaType: "image/webp",
    extension: "webp",
    label: "WebP",
    maxSide: 16_383,
    animates: true,
    hasAlpha: true,
    hasGray: false,
    isDeep: false,
    hasPages: false,
  },
  avif: {
    mediaType: "image/avif",
    extension: "avif",
    label: "AVIF",
    maxSide: 16_384,
    animates: false,
    hasAlpha: true,
    hasGray: false,
    isDeep: false,
    hasPages: false,
  },
  tiff: {
    mediaType: "image/tiff",
    extension: "tiff",
    label: "TIFF",
    maxSide: 1e9,
    animates: false,
    hasAlpha: true,
    hasGray: true,
    isDeep: true,
    hasPages: true,
  },
  gif: {
    mediaType: "image/gif",
    extension: "gif",
    label: "GIF",
    maxSide: 65_535,
    animates: true,
    hasAlpha: true,
    hasGray: false,
    isDeep: false,
    hasPages: false,
  },
  bmp: {
    mediaType: "image/bmp",
    extension: "bmp",
    label: "BMP",
    maxSide: 32_767,
    animates: false,
    hasAlpha: true,
    hasGray: true,
    isDeep: false,
    hasPages: false,
  },
};

export const inputMediaTypes = [
  ...Object.values(formats).map((format) => format.mediaType),
  "image/x-icon",
  "image/svg+xml",
  // These need an optional package. The error names it if it is missing.
  ...["image/heic", "image/heif", "image/jxl"],
];

/** Names of the input formats. */
export const inputLabels = `${Object.values(formats)
  .map(({ label }) => label)
  .join(", ")}, ICO, SVG, HEIC or JPEG XL`;

/** The format to write for an image in format `input`. */
export function outputFormat(input: InputFormat, wanted: OutputFormat | "original"): OutputFormat {
  if (wanted !== "original") return wanted;
  if (input === "heic") return "jpeg";
  return input === "svg" || input === "ico" || input === "jxl" ? "png" : input;
}

/** Chroma subsampling: colors at half or full resolution. */
export type Chroma = "4:2:0" | "4:4:4";

export interface Encoding {
  /** 1 to 100, for JPEG, WebP and AVIF. */
  quality: number;
  /** For WebP and AVIF. */
  lossless: boolean;
  /** In dots per inch. */
  density: number | null;
  /** For JPEG: the whole image loads coarsely first, then gets finer. @default false */
  progressive?: boolean;
  /** For JPEG and AVIF. @default 4:2:0 in JPEG, 4:4:4 in AVIF */
  chroma?: Chroma;
  /** For gray TIFFs with less than 8 bits. */
  bits?: 1 | 2 | 4;
  delays?: number[];
  loop?: number;
}

const SCREEN_DENSITY = 72;
const MM_PER_INCH = 25.4;

export function encode(image: Sharp, format: OutputFormat, encoding: Encoding): Sharp {
  const { quality, lossless, delays: delay, loop, progressive, chroma: chromaSubsampling } = encoding;
  switch (format) {
    case "jpeg":
      return image.jpeg({ quality, progressive, chromaSubsampling });
    case "png":
      // `quality` would reduce colors to a palette.
      return image.png();
    case "webp":
      return image.webp({ quality, lossless, exact: lossless, delay, loop });
    case "avif":
      // The default effort 4 takes 30 times as long as 0, and saves only a few percent.
      return image.avif({ quality, lossless, effort: 2, chromaSubsampling });
    case "tiff":
      return image.tiff(tiffOptions(encoding));
    case "gif":
      // Keep identical frames: they may be intentional, and they count.
      return image.gif({ keepDuplicateFrames: true, delay, loop });
    case "bmp":
      // Raw pixels, for `writeBmp`.
      return image.raw({ depth: "uchar" });
  }
}

/** Resolution in dots per millimeter. Without one, libvips would write 1, which makes the image huge in print. */
function tiffOptions({ density, bits }: Encoding): TiffOptions {
  const resolution = (density ?? SCREEN_DENSITY) / MM_PER_INCH;
  const common = { xres: resolution, yres: resolution, bitdepth: bits };
  if (bits === 1) return { ...common, compression: "ccittfax4" };
  return { ...common, compression: "lzw", predictor: bits ? "none" : "horizontal" };
}

/** Detects a file's format by its first bytes. `null` if it is unsupported. */
export function formatOf(data: Buffer): InputFormat | null {
  const at = (start: number, end: number) => data.toString("latin1", start, end);
  if (at(0, 3) === "\xff\xd8\xff") return "jpeg";
  if (at(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (at(0, 6) === "GIF87a" || at(0, 6) === "GIF89a") return "gif";
  if (at(0, 4) === "RIFF" && at(8, 12) === "WEBP") return "webp";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(at(0, 4))) return "tiff";
  if (at(4, 8) === "ftyp") {
    const brands = at(8, Math.min(data.readUInt32BE(0), 128));
    if (/^(....)*?avi[fs]/s.test(brands)) return "avif";
    return isHeic(brands) ? "heic" : null;
  }
  if (isJxl(data)) return "jxl";
  if (at(0, 2) === "BM" && data.length >= 26) return "bmp";
  if (["\0\0\x01\0", "\0\0\x02\0"].includes(at(0, 4))) return "ico";
  return isSvg(data) ? "svg" : null;
}
