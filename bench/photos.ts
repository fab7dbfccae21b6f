import { join } from "node:path";
import { writePhotos } from "../src/testing/photos.ts";

/** 12-megapixel photos. Each takes half a second to make, so they are kept for the next run. */
export function photos(count: number): Promise<string[]> {
  return writePhotos(join(import.meta.dirname, "photos.tmp"), count);
}
