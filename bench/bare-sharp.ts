import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";

/** Runs sharp in a loop over all cores in its fastest setup: two images per core, each on one thread. */
export async function convertAll(
  files: readonly string[],
  folder: string,
  quality: number,
): Promise<string[]> {
  sharp.concurrency(1);
  sharp.cache(false);
  const made: string[] = new Array(files.length);
  let next = 0;
  const convert = async () => {
    for (let n = next++; n < files.length; n = next++) {
      const data = await sharp(files[n]!)
        .autoOrient()
        .resize({ width: 1280, withoutEnlargement: true })
        .webp({ quality })
        .toBuffer();
      made[n] = join(folder, `${basename(files[n]!)}-${quality}.webp`);
      await writeFile(made[n]!, data);
    }
  };
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, convert));
  return made;
}
