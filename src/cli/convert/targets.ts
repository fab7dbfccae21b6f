import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join, parse } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { splitExtension, uniqueNames } from "../../domain/file-name.ts";
import type { Input } from "./inputs.ts";

/**
 * Where the result of each file goes, without its extension. Files whose results would have the same
 * name get numbers in their order, however the conversions end.
 */
export function planTargets(files: readonly Input[], format: string): string[] {
  const stems = new Array<string>(files.length);
  const numbered = files.map((file, index) => ({ file, index }));
  for (const [folder, together] of Map.groupBy(numbered, ({ file }) => file.folder)) {
    const names = together.map(({ file }) => {
      const extension = format === "original" ? file.mediaType.replace(/^.*\W/, "").slice(0, 5) : format;
      return `${splitExtension(file.name)[0]}.${extension}`;
    });
    uniqueNames(names).forEach((name, n) => {
      stems[together[n]!.index] = join(folder, splitExtension(name)[0]);
    });
  }
  return stems;
}

/**
 * Writes a result whole or not at all. A file that is there already is kept, and the new one gets a
 * number; with `force` it is replaced.
 * @returns the path of what was written
 */
export async function writeTarget(
  content: Readable,
  target: { out: string; stem: string; name: string; force: boolean; signal: AbortSignal },
): Promise<string> {
  const wanted = join(target.out, target.stem + splitExtension(target.name)[1]);
  await mkdir(parse(wanted).dir, { recursive: true });
  const path = target.force ? wanted : await claim(wanted);
  const part = `${path}.${randomBytes(4).toString("hex")}.part`;
  try {
    await pipeline(content, createWriteStream(part, { flags: "wx" }), { signal: target.signal });
    await rename(part, path);
    return path;
  } catch (error) {
    await rm(part, { force: true });
    if (!target.force) await rm(path, { force: true });
    throw error;
  }
}

/** Takes the first free name by an empty file: the file system itself says what is taken. */
async function claim(wanted: string): Promise<string> {
  const { dir, name, ext } = parse(wanted);
  for (let number = 1; ; number++) {
    const path = number === 1 ? wanted : join(dir, `${name} (${number})${ext}`);
    try {
      await (await open(path, "wx")).close();
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
