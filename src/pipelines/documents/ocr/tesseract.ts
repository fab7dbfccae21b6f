import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { OcrCall, OcrEngine, OcrImage } from "./engine.ts";
import { linesOfTesseract } from "./tsv.ts";

const run = promisify(execFile);
const PROBE_MS = 10_000;
/** Limit for what it prints. Its results are in files. */
const MAX_PRINTED_BYTES = 1024 * 1024;
/** A single block of text, which a region is. Mode 4 reads lines next to erased numbers twice. */
const PAGE_MODE = "6";

/** The installed tesseract, run as one process per page. `null` if there is none. */
export async function nativeTesseract(): Promise<OcrEngine | null> {
  const [version, listed] = await Promise.all([probe("--version"), probe("--list-langs")]);
  if (version === null || listed === null) return null;
  const languages = listed
    .split("\n")
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== "" && line !== "osd");
  const [, number = ""] = /tesseract\s+v?([\d.]+)/.exec(version) ?? [];
  return {
    name: `tesseract ${number}`,
    languages,
    read: (images, call) => read(images, call),
  };
}

async function probe(flag: string): Promise<string | null> {
  return run("tesseract", [flag], { timeout: PROBE_MS }).then(
    // Older versions print to stderr.
    ({ stdout, stderr }) => stdout || stderr,
    () => null,
  );
}

async function read(images: readonly OcrImage[], { language, folder, signal }: OcrCall) {
  const paths = images.map((_, index) => join(folder, `${language}-${index}.pgm`));
  await Promise.all(images.map((image, index) => writeFile(paths[index]!, pgm(image))));
  const list = join(folder, `${language}.txt`);
  await writeFile(list, paths.join("\n"));
  const output = join(folder, `${language}-out`);
  const settings = ["tessedit_create_tsv=1", "tessedit_create_txt=1", "preserve_interword_spaces=1"];
  const args = [
    list,
    output,
    "-l",
    language,
    "--psm",
    PAGE_MODE,
    "--dpi",
    String(Math.round(images[0]!.dpi)),
  ];
  await run("tesseract", [...args, ...settings.flatMap((setting) => ["-c", setting])], {
    signal,
    maxBuffer: MAX_PRINTED_BYTES,
    // Pages already run in parallel. Extra threads per page would only compete.
    env: { ...process.env, OMP_THREAD_LIMIT: "1" },
  });
  const [tsv, text] = await Promise.all([
    readFile(`${output}.tsv`, "utf8"),
    readFile(`${output}.txt`, "utf8"),
  ]);
  return linesOfTesseract(tsv, text, images.length);
}

/** PGM, the simplest image format that tesseract reads. */
export function pgm({ data, width, height }: OcrImage): Buffer {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), data]);
}
