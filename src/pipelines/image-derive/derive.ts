import type { Sharp } from "sharp";
import type { EachContext } from "../../pipeline/context.ts";
import { type Canvas, fromCanvas, toCanvas, withoutOpaqueAlpha } from "../pictures/canvas.ts";
import { inWords } from "../pictures/failure.ts";
import { encode, formats } from "../pictures/formats.ts";
import { fittingSource, keepMetadata, lostMetadata } from "../pictures/metadata.ts";
import { perceptualHash } from "../pictures/perceptual-hash.ts";
import { decode, decoding, type Picture, readPicture } from "../pictures/picture.ts";
import type { Warning } from "../pictures/warning.ts";
import type { DeriveFormat } from "./choices.ts";
import { type DominantColor, dominantColors } from "./colors.ts";
import { cropRegion, type Region } from "./crop.ts";
import { type ExifReport, exifReport } from "./exif-report.ts";
import { derivingBytes } from "./memory.ts";
import type { ImageDeriveOptions } from "./options.ts";
import { type Placeholder, placeholdersOf } from "./placeholders.ts";
import { formatsOf, type Size, sizesOf } from "./renditions.ts";

/** Facts about an image. */
export type DerivedFacts = {
  placeholder: Placeholder;
  exif: ExifReport["exif"];
  gps: ExifReport["gps"];
  /** Most common first. */
  colors: DominantColor[];
  /** `null` for an image too plain to be distinguished from others. */
  phash: string | null;
  /** Hashes of the image mirrored and rotated. The first is `phash`. */
  turned: string[];
};

export interface Derived extends DerivedFacts {
  renditions: Made[];
  warnings: Warning[];
}

interface Made extends Size {
  data: Buffer;
  format: DeriveFormat;
}

type Context = Pick<EachContext<ImageDeriveOptions, null>, "options" | "reserveMemory" | "progress">;

/** Longer side of the small copy for colors, hash and crop. */
const PREVIEW_SIDE = 512;

/** Derives everything from one image file. */
export async function derive(file: Buffer, context: Context, maxPixels: number): Promise<Derived> {
  const { options } = context;
  const picture = await readPicture(file, {
    ...{ maxPixels, animated: false, allPages: false, tolerant: false, what: "The file" },
    admit: (extent) => context.reserveMemory(derivingBytes(extent, options)),
  });
  const { exif, gps, unreadable } = exifReport(picture.metadata.exif);
  const warnings = [...picture.warnings, ...leftOut(picture)];
  if (unreadable) {
    warnings.push({ code: "exif_unreadable", message: "The file has EXIF data that could not be read." });
  }
  return decoding(picture, async (readable) => {
    const preview = await previewOf(readable);
    const { region, warnings: cropped } = await cropRegion(readable, preview, options.crop);
    const shown = await part(preview, readable, region);
    const hash = await perceptualHash(fromCanvas(preview));
    const made = await renditionsOf(readable, region, context);
    return {
      renditions: made.renditions,
      warnings: [...warnings, ...cropped, ...made.warnings],
      placeholder: await placeholdersOf(shown),
      ...{ exif, gps },
      colors: dominantColors(shown),
      phash: hash?.hash ?? null,
      turned: hash?.turned ?? [],
    };
  });
}

function leftOut({ allFrames, pages }: Picture): Warning[] {
  const warnings: Warning[] = [];
  if (allFrames > 1) {
    const message = `Of ${inWords(allFrames)} frames, only the first was used.`;
    warnings.push({ code: "frames_dropped", message });
  }
  if (pages.length > 1) {
    const message = `Of ${inWords(pages.length)} pages, only the first was used.`;
    warnings.push({ code: "pages_dropped", message });
  }
  return warnings;
}

/** sharp processes 16-bit images with a profile in Display P3 and would label the result as sRGB. */
function inSrgb(image: Sharp, { deep, hasProfile }: Picture): Sharp {
  return deep && hasProfile ? image.withIccProfile("srgb", { attach: false }) : image;
}

function previewOf(picture: Picture): Promise<Canvas> {
  const small = decode(picture).resize(PREVIEW_SIDE, PREVIEW_SIDE, {
    fit: "inside",
    withoutEnlargement: true,
  });
  return toCanvas(inSrgb(small, picture), false);
}

/** The region of the small copy that a crop keeps. */
function part(preview: Canvas, picture: Size, region: Region): Promise<Canvas> {
  const [x, y] = [preview.width / picture.width, preview.height / picture.height];
  const left = Math.min(preview.width - 1, Math.round(region.left * x));
  const top = Math.min(preview.height - 1, Math.round(region.top * y));
  const width = Math.max(1, Math.min(preview.width - left, Math.round(region.width * x)));
  const height = Math.max(1, Math.min(preview.height - top, Math.round(region.height * y)));
  return toCanvas(fromCanvas(preview).extract({ left, top, width, height }), false);
}

async function renditionsOf(picture: Picture, region: Region, { options, progress }: Context) {
  const { sizes, tooWide } = sizesOf(region, options);
  const warnings: Warning[] = [];
  if (tooWide.length > 0) {
    const message = `The picture is ${inWords(region.width)} pixels wide, so it was not made ${tooWide.map(inWords).join(" or ")} wide.`;
    warnings.push({ code: "widths_left_out", message });
  }
  const draw = options.keepMetadata
    ? (size: Size, format: DeriveFormat) => drawWithMetadata(picture, region, size, format)
    : await drawerOf(picture, region, sizes.at(-1)!);
  const renditions: Made[] = [];
  const chosen = formatsOf(options);
  for (const size of sizes) {
    for (const format of chosen) {
      const image = flattened(draw(size, format), format, options);
      const encoding = { quality: options.quality, lossless: false, density: null, progressive: true };
      const { data, info } = await encode(image, format, encoding).toBuffer({ resolveWithObject: true });
      renditions.push({ data, format, width: info.width, height: info.height });
      progress(0.2 + (0.7 * renditions.length) / (sizes.length * chosen.length), "encode");
    }
  }
  const { data, format } = renditions.at(-1)!;
  const lost = await lostMetadata(picture.metadata, { data, format }, options.keepMetadata);
  return { renditions, warnings: [...warnings, ...lost] };
}

function flattened(image: Sharp, format: DeriveFormat, { background }: ImageDeriveOptions): Sharp {
  return formats[format].hasAlpha ? image : image.flatten({ background });
}

/** Decodes the image once, at the largest size. The other sizes derive from that. */
async function drawerOf(picture: Picture, region: Region, largest: Size) {
  const reduced = cut(decode(picture), picture, region).resize({ ...largest, fit: "fill" });
  const base = withoutOpaqueAlpha(await toCanvas(inSrgb(reduced, picture), false));
  return ({ width, height }: Size) => {
    const image = fromCanvas(base);
    return width === base.width ? image : image.resize({ width, height, fit: "fill" });
  };
}

/** Decoded pixels have no metadata, so each rendition is made from the file. */
function drawWithMetadata(picture: Picture, region: Region, size: Size, format: DeriveFormat): Sharp {
  const fitting = picture.raw ? picture : { ...picture, data: fittingSource(picture.data, picture.metadata) };
  const image = cut(decode(fitting), picture, region).resize({ ...size, fit: "fill" });
  return keepMetadata(image, picture.metadata, { format, size, profile: false, marked: false });
}

/** Does not extract the whole image, so that a decoder can shrink on load. */
function cut(image: Sharp, picture: Size, region: Region): Sharp {
  const isWhole = region.width === picture.width && region.height === picture.height;
  return isWhole ? image : image.extract(region);
}
