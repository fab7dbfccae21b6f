import { type EachContext, PermanentError } from "millrace";
import sharp from "sharp";
import type { ScanOptions } from "./options.ts";

/** Longer side in pixels, enough to recognize things. */
const SIDE = 1_280;
const MOST_PIXELS = 60_000_000;

/**
 * Normalizes a photo: upright, small, and without metadata such as the location. The original is deleted when the job
 * has succeeded.
 */
export async function preparePhoto(ctx: EachContext<ScanOptions, null>) {
  const picture = sharp(await ctx.path(ctx.file), { limitInputPixels: MOST_PIXELS })
    .autoOrient()
    .flatten({ background: "#ffffff" })
    .resize(SIDE, SIDE, { fit: "inside", withoutEnlargement: true })
    .jpeg({ quality: 85 });
  const { data, info } = await picture.toBuffer({ resolveWithObject: true }).catch((cause: Error) => {
    throw new PermanentError("undecodable_file", "This photo cannot be read. Take another one.", { cause });
  });
  await ctx.write({ extension: "jpg", data, mediaType: "image/jpeg" });
  return { width: info.width, height: info.height };
}
