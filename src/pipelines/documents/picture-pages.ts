import { decode, decoding, type Picture, readPicture } from "../pictures/picture.ts";
import type { Raster } from "./raster.ts";

/** Limit for the input image. */
const MAX_PIXELS = 50_000_000;
/** Limit for the raster that is read. */
const MOST_PIXELS = 24_000_000;
const READING_DPI = 300;
/** Larger scales only blur. */
const MOST_SCALE = 3;
/** Page sizes in inches for which a file's resolution is believable: from a card to a poster. */
const SMALLEST_PAGE = 3;
const LARGEST_PAGE = 40;
/** Assumed longer side in inches if there is no resolution: A4. */
const USUAL_PAGE = 11.69;

/** An image of a page, and its size. */
export interface PagePicture {
  raster: Raster;
  /** Size in points. */
  width: number;
  height: number;
}

/** Opens an image file with its pages. Throws permanent errors if it cannot be decoded. */
export function openPictures(data: Buffer, admit: (bytes: number) => Promise<void>): Promise<Picture> {
  return readPicture(data, {
    maxPixels: MAX_PIXELS,
    what: "The picture",
    animated: false,
    allPages: true,
    tolerant: true,
    admit: ({ fileBytes, pixelBytes, copies }) => admit(2 * fileBytes + pixelBytes * copies),
  });
}

/** In grayscale, at about 300 dpi. */
export async function picturePage(picture: Picture): Promise<PagePicture> {
  const dpi = resolutionOf(picture);
  const { width, height } = picture;
  const scale = Math.min(READING_DPI / dpi, MOST_SCALE, Math.sqrt(MOST_PIXELS / (width * height)));
  const target = Math.max(1, Math.round(width * scale));
  const { data, info } = await decoding(picture, (opened) =>
    decode(opened)
      .flatten({ background: "#ffffff" })
      .resize(target)
      .greyscale()
      .toColourspace("b-w")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true }),
  );
  return {
    raster: { data, width: info.width, height: info.height, dpi: (dpi * info.width) / width },
    width: (width * 72) / dpi,
    height: (height * 72) / dpi,
  };
}

/** The page in color, for a PDF. */
export function pictureAsJpeg(picture: Picture): Promise<Buffer> {
  return decoding(picture, (opened) =>
    decode(opened)
      .flatten({ background: "#ffffff" })
      .resize({ width: 2_500, height: 3_600, fit: "inside", withoutEnlargement: true })
      .toColourspace("srgb")
      .jpeg({ quality: 75, mozjpeg: false })
      .toBuffer(),
  );
}

function resolutionOf({ width, height, metadata }: Picture): number {
  const longer = Math.max(width, height);
  const claimed = metadata.density ?? 0;
  const inches = claimed > 0 ? longer / claimed : 0;
  const isLikely = claimed !== 72 && inches >= SMALLEST_PAGE && inches <= LARGEST_PAGE;
  return isLikely ? claimed : longer / USUAL_PAGE;
}
