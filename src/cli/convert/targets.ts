import { randomBytes } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join, parse } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { splitExtension, uniqueNames } from "../../domain/file-name.ts";
import { usageError } from "../output.ts";
import type { Input } from "./inputs.ts";

/** Value of `--out` for standard output. */
export const STANDARD_OUTPUT = "-";

/**
 * Plans the path of each result, without extension. Results with the same name are numbered in the order of the files,
 * so a second run plans the same names.
 */
export function planTargets(files: readonly Input[], format: string): string[] {
  const stems = new Array<string>(files.length);
  const numbered = files.map((file, index) => ({ file, index }));
  for (const [folder, together] of Map.groupBy(numbered, ({ file }) => file.folder)) {
    const names = together.map(
      ({ file }) => `${splitExtension(file.name)[0]}.${format === "original" ? ownFormat(file) : format}`,
    );
    uniqueNames(names).forEach((name, n) => {
      stems[together[n]!.index] = join(folder, splitExtension(name)[0]);
    });
  }
  return stems;
}

/** The expected output format for `original`, as far as it is known before the conversion. */
function ownFormat({ mediaType, name }: Input): string {
  if (mediaType === "") return splitExtension(name)[1].slice(1).toLowerCase().replace(/^jpg$/, "jpeg");
  return /svg|icon/.test(mediaType) ? "png" : mediaType.replace(/^image\//, "");
}

/**
 * Finds an existing result of a file, so that it can be skipped. With `original`, the name is only known after the
 * conversion.
 */
export function existingResult(out: string, stem: string, format: string, allPages: boolean): string | null {
  if (format === "original") return null;
  const extension = format === "jpeg" ? "jpg" : format;
  const suffixes = allPages ? ["", pageSuffix(1)] : [""];
  const paths = suffixes.map((suffix) => join(out, `${stem}${suffix}.${extension}`));
  return paths.find((path) => existsSync(path)) ?? null;
}

/** What the name of a file has when each page of an image becomes a file. */
export function pageSuffix(page: number): string {
  return `-${page}`;
}

/** Error for a file that exists without `--force`. */
export function existsError(path: string): Error {
  return usageError(`${path} already exists. Use --force to replace it.`);
}

/**
 * Writes a result atomically. Replaces an existing file only with `force`.
 * @returns the path
 */
export async function writeTarget(
  content: Readable,
  target: { path: string; force: boolean; signal: AbortSignal },
): Promise<string> {
  const { path } = target;
  await mkdir(parse(path).dir, { recursive: true });
  if (!target.force) await claim(path);
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

/** Reserves the name with an empty file, so that a file that appears meanwhile is not overwritten. */
async function claim(path: string): Promise<void> {
  try {
    await (await open(path, "wx")).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw existsError(path);
    throw error;
  }
}

/** Writes a result to standard output. A reader that closes the pipe early ends the command. */
export async function writeStandardOutput(content: Readable, signal: AbortSignal): Promise<void> {
  await pipeline(content, process.stdout, { signal, end: false });
}
