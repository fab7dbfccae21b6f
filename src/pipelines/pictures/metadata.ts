import sharp, { type Metadata, type Sharp } from "sharp";
import { exifDensity, withoutThumbnail } from "./exif.ts";
import { formats, type InputFormat, type OutputFormat } from "./formats.ts";
import { hasUnreadGainMap, unreadMetadata } from "./unread-metadata.ts";
import type { Warning } from "./warning.ts";
import { fitXmp, hasMotion, xmpText } from "./xmp.ts";

/** Larger XMP is not rewritten, and so not kept. */
const MAX_XMP_BYTES = 1024 * 1024;

/** What a file says beside its pixels. */
export interface PictureMetadata {
  exif: Buffer | undefined;
  /** `null`: there is some, which cannot be read. */
  xmp: string | null | undefined;
  iptc: boolean;
  profile: boolean;
  /** A second image that brightens the first on HDR screens. */
  gainMap: boolean;
  /** sharp reads it, so that it can be kept. */
  readsGainMap: boolean;
  /** What sharp does not read, and so never keeps. */
  unread: readonly string[];
  /** A video follows the picture. */
  motion: boolean;
  /** As EXIF counts it; 1 is upright. */
  orientation: number;
  /** Frames of an animation or pages, of which fewer may be read. */
  pages: number;
  /** Dots an inch, where the file says so. */
  density: number | null;
}

/** @param file as it came */
export function metadataOf(header: Metadata, file: Buffer, format: InputFormat): PictureMetadata {
  const xmp = header.xmp && (header.xmp.length > MAX_XMP_BYTES ? null : xmpText(header.xmp));
  return {
    exif: header.exif,
    xmp,
    iptc: header.iptc !== undefined,
    profile: header.hasProfile,
    gainMap: header.gainMap !== undefined || hasUnreadGainMap(file, format),
    readsGainMap: header.gainMap !== undefined,
    unread: unreadMetadata(file, format),
    motion: typeof xmp === "string" && hasMotion(xmp),
    orientation: header.orientation ?? 1,
    pages: header.pages ?? 1,
    density: densityOf(header, format),
  };
}

function densityOf({ density, exif }: Metadata, format: InputFormat): number | null {
  if (format === "svg") return null;
  return density ?? (exif ? exifDensity(exif) : null);
}

/** The file to decode when its metadata is kept: without what would not fit the new pixels. */
export function fittingSource(data: Buffer, { exif }: PictureMetadata): Buffer {
  return withoutThumbnail(data, exif);
}

export interface Keeping {
  format: OutputFormat;
  /** Of the new picture. */
  size: { width: number; height: number };
  /** The profile stays, and the pixels stay in it; otherwise they become sRGB. */
  profile: boolean;
  /** Something is laid over the picture, which its gain map does not know. */
  marked: boolean;
}

/** Keeps all metadata that the format takes, rewritten for pixels that are upright and of this size. */
export function keepMetadata(image: Sharp, metadata: PictureMetadata, keeping: Keeping): Sharp {
  const { format, size, profile, marked } = keeping;
  const { exif, xmp, readsGainMap, density } = metadata;
  // Of IPTC, as a JPEG has it, libvips writes only the first bytes into a TIFF.
  let result = format === "tiff" ? image.keepExif().keepXmp().keepIccProfile() : image.keepMetadata();
  if (!profile) result = result.withIccProfile("srgb", { attach: false });
  if (xmp) result = result.withXmp(fitXmp(xmp, size));
  // A density of its own would give a picture without EXIF some, which only these formats need to hold it.
  if (density !== null && (exif || format === "webp" || format === "avif" || format === "jpeg")) {
    result = result.withDensity(density);
  }
  return readsGainMap && format === "jpeg" && !marked ? result.keepGainMap() : result;
}

/** What of the metadata did not get into the new file, seen in that file itself. */
export async function lostMetadata(
  before: PictureMetadata,
  output: { data: Buffer; format: OutputFormat },
  wanted: boolean,
): Promise<Warning[]> {
  if (!wanted && !before.gainMap && !before.motion) return [];
  // A BMP has none, and is not read by sharp.
  const after: Partial<Metadata> =
    output.format === "bmp" ? {} : await sharp(output.data, { limitInputPixels: false }).metadata();
  const { label } = formats[output.format];
  const warnings: Warning[] = [];
  const { data, format } = output;
  if (before.gainMap && !after.gainMap && !hasUnreadGainMap(data, format)) {
    const message = "The gain map was dropped: on HDR screens the picture is no brighter than on others.";
    warnings.push({ code: "gain_map_dropped", message });
  }
  if (before.motion) {
    warnings.push({ code: "motion_dropped", message: "The video of this motion photo was left out." });
  }
  if (!wanted) return warnings;
  const still = unreadMetadata(data, format);
  const gone = [
    before.exif && !after.exif && "EXIF",
    before.xmp !== undefined && !after.xmp && "XMP",
    before.iptc && !after.iptc && "IPTC",
    ...before.unread.filter((name) => !still.includes(name)),
  ].filter((name) => typeof name === "string");
  const lost = [...new Set(gone)];
  if (lost.length > 0) {
    const message = `${lost.join(" and ")} metadata was dropped: it cannot be written to this ${label} file.`;
    warnings.push({ code: "metadata_dropped", message });
  }
  if (before.profile && !after.hasProfile) {
    const message = `The color profile was dropped, and the colors became sRGB: this ${label} file cannot hold it.`;
    warnings.push({ code: "profile_dropped", message });
  }
  return warnings;
}
