import sharp, { type Metadata, type Sharp } from "sharp";
import { exifDensity, withoutThumbnail } from "./exif.ts";
import { formats, type InputFormat, type OutputFormat } from "./formats.ts";
import { hasUnreadGainMap, unreadMetadata } from "./unread-metadata.ts";
import type { Warning } from "./warning.ts";
import { fitXmp, hasMotion, xmpText } from "./xmp.ts";

/** Larger XMP is not rewritten, so it is not kept. */
const MAX_XMP_BYTES = 1024 * 1024;

/** Metadata of a file. */
export interface PictureMetadata {
  exif: Buffer | undefined;
  /** `null` if there is XMP that cannot be read. */
  xmp: string | null | undefined;
  iptc: boolean;
  profile: boolean;
  /** Whether a second image brightens the first on HDR screens. */
  gainMap: boolean;
  /** Whether sharp reads the gain map, so that it can be kept. */
  readsGainMap: boolean;
  /** Kinds that sharp does not read, so they are never kept. */
  unread: readonly string[];
  /** Whether a video follows the image. */
  motion: boolean;
  /** EXIF orientation. 1 is upright. */
  orientation: number;
  /** Number of frames or pages, of which we may read fewer. */
  pages: number;
  /** Dots per inch. `null` if unknown. */
  density: number | null;
}

/** @param file unmodified */
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

/** The file to decode when keeping its metadata, without what would not fit the new pixels. */
export function fittingSource(data: Buffer, { exif }: PictureMetadata): Buffer {
  return withoutThumbnail(data, exif);
}

export interface Keeping {
  format: OutputFormat;
  /** Size of the new image. */
  size: { width: number; height: number };
  /** Keep the profile, with the pixels in its color space. Otherwise convert them to sRGB. */
  profile: boolean;
  /** A watermark covers the image, which its gain map does not reflect. */
  marked: boolean;
}

/** Keeps all metadata that the format supports, adjusted to upright pixels of this size. */
export function keepMetadata(image: Sharp, metadata: PictureMetadata, keeping: Keeping): Sharp {
  const { format, size, profile, marked } = keeping;
  const { exif, xmp, readsGainMap, density } = metadata;
  // libvips would write only the first bytes of a JPEG's IPTC into a TIFF.
  let result = format === "tiff" ? image.keepExif().keepXmp().keepIccProfile() : image.keepMetadata();
  if (!profile) result = result.withIccProfile("srgb", { attach: false });
  if (xmp) result = result.withXmp(fitXmp(xmp, size));
  // Setting the density adds EXIF if there is none, which only these formats need to store it.
  if (density !== null && (exif || format === "webp" || format === "avif" || format === "jpeg")) {
    result = result.withDensity(density);
  }
  return readsGainMap && format === "jpeg" && !marked ? result.keepGainMap() : result;
}

/** Metadata that did not make it into the new file, according to that file. */
export async function lostMetadata(
  before: PictureMetadata,
  output: { data: Buffer; format: OutputFormat },
  wanted: boolean,
): Promise<Warning[]> {
  if (!wanted && !before.gainMap && !before.motion) return [];
  // A BMP has no metadata, and sharp does not read BMP.
  const after: Partial<Metadata> =
    output.format === "bmp" ? {} : await sharp(output.data, { limitInputPixels: false }).metadata();
  const { label } = formats[output.format];
  const warnings: Warning[] = [];
  const { data, format } = output;
  if (before.gainMap && !after.gainMap && !hasUnreadGainMap(data, format)) {
    const message = "The gain map was dropped. On HDR screens, the image is no brighter than on others.";
    warnings.push({ code: "gain_map_dropped", message });
  }
  if (before.motion) {
    warnings.push({ code: "motion_dropped", message: "The video of this motion photo was dropped." });
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
    const message = `${lost.join(" and ")} metadata was dropped because it cannot be written to this ${label} file.`;
    warnings.push({ code: "metadata_dropped", message });
  }
  if (before.profile && !after.hasProfile) {
    const message = `The color profile was dropped and the colors were converted to sRGB, because this ${label} file cannot hold the profile.`;
    warnings.push({ code: "profile_dropped", message });
  }
  return warnings;
}
