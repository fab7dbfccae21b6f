import type { Sharp, TiffOptions } from "sharp";
import { isSvg } from "./svg.ts";

/** Formats that are read, as the signatures tell them apart. */
export type InputFormat = "jpeg" | "png" | "webp" | "avif" | "gif" | "tiff" | "bmp" | "ico" | "svg";
export type OutputFormat = Exclude<InputFormat, "ico" | "svg">;

interface Format {
  mediaType: string;
  extension: string;
  label: string;
  /** Pixels that a side may have. */
  maxSide: number;
  animates: boolean;
  hasAlpha: boolean;
  /** A picture of one channel stays one. */
  hasGray: boolean;
  /** 16 bits a channel stay. */
  isDeep: boolean;
  /** Holds several pages, each of its own size. */
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
];

/** The formats that are read, in words. */
export const inputLabels = `${Object.values(formats)
  .map(({ label }) => label)
  .join(", ")}, ICO or SVG`;

/** The format to write for a picture of `input`. */
export function outputFormat(input: InputFormat, wanted: OutputFormat | "original"): OutputFormat {
  if (wanted !== "original") return wanted;
  return input === "svg" || input === "ico" ? "png" : input;
}

export interface Encoding {
  /** 1 to 100, of JPEG, WebP and AVIF. */
  quality: number;
  /** Of WebP and AVIF. */
  lossless: boolean;
  /** Dots an inch. */
  density: number | null;
  /** Of gray TIFFs with less than 8. */
  bits?: 1 | 2 | 4;
  delays?: number[];
  loop?: number;
}

const SCREEN_DENSITY = 72;
const MM_PER_INCH = 25.4;

export function encode(image: Sharp, format: OutputFormat, encoding: Encoding): Sharp {
  const { quality, lossless, delays: delay, loop } = encoding;
  switch (format) {
    case "jpeg":
      return image.jpeg({ quality });
    case "png":
      // `quality` would reduce it to a palette.
      return image.png();
    case "webp":
      return image.webp({ quality, lossless, exact: lossless, delay, loop });
    case "avif":
      // Effort 4, the default, takes 30 times as long as 0 for a few per cent of the bytes.
      return image.avif({ quality, lossless, effort: 2 });
    case "tiff":
      return image.tiff(tiffOptions(encoding));
    case "gif":
      // Frames that look alike may have been shown for a reason, and are counted.
      return image.gif({ keepDuplicateFrames: true, delay, loop });
    case "bmp":
      // Pixels, of which `writeBmp` makes a file.
      return image.raw({ depth: "uchar" });
  }
}

/** In dots a millimeter. Without one, libvips would write one dot a millimeter: a picture for a wall. */
function tiffOptions({ density, bits }: Encoding): TiffOptions {
  const resolution = (density ?? SCREEN_DENSITY) / MM_PER_INCH;
  const common = { xres: resolution, yres: resolution, bitdepth: bits };
  if (bits === 1) return { ...common, compression: "ccittfax4" };
  return { ...common, compression: "lzw", predictor: bits ? "none" : "horizontal" };
}

/** The format of a file by its first bytes; `null` for anything that is not read. */
export function formatOf(data: Buffer): InputFormat | null {
  const at = (start: number, end: number) => data.toString("latin1", start, end);
  if (at(0, 3) === "\xff\xd8\xff") return "jpeg";
  if (at(0, 8) === "\x89PNG\r\n\x1a\n") return "png";
  if (at(0, 6) === "GIF87a" || at(0, 6) === "GIF89a") return "gif";
  if (at(0, 4) === "RIFF" && at(8, 12) === "WEBP") return "webp";
  if (["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(at(0, 4))) return "tiff";
  if (at(4, 8) === "ftyp") {
    const brands = at(8, Math.min(data.readUInt32BE(0), 128));
    return /^(....)*?avi[fs]/s.test(brands) ? "avif" : null;
  }
  if (at(0, 2) === "BM" && data.length >= 26) return "bmp";
  if (["\0\0\x01\0", "\0\0\x02\0"].includes(at(0, 4))) return "ico";
  return isSvg(data) ? "svg" : null;
}
