import { join } from "node:path";
import { writePhotos } from "../src/testing/photos.ts";

/** Photos of 12 megapixels; made once, as that takes half a second each, and kept for the next time. */
export function photos(count: number): Promise<string[]> {
  return writePhotos(join(import.meta.dirname, "photos.tmp"), count);
}
