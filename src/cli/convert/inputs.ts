import { glob, open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { nameOfUrl } from "../../domain/fetching.ts";
import { HEAD_BYTES, mediaTypeOf } from "../../engine/media-type.ts";
import { bytes, limit } from "../amounts.ts";

/** One file to convert. */
export interface Input {
  /** Path on this machine, or a URL to fetch. */
  path: string;
  isRemote: boolean;
  name: string;
  /** Path below the given folder. Results go to the same subfolders. */
  folder: string;
  /** 0 if not known yet. */
  bytes: number;
  /** Detected from the content. "" if not known yet. */
  mediaType: string;
}

/** A file that cannot be converted, and why. */
export interface Unfit {
  path: string;
  bytes: number;
  reason: string;
}

export interface Inputs {
  files: Input[];
  unfit: Unfit[];
  /** Number of files found in folders that are not images. */
  skipped: number;
}

export interface Accepts {
  mediaTypes: readonly string[];
  maxFileBytes: number;
}

interface Found {
  path: string;
  folder: string;
  /** Named by the user rather than found in a folder. */
  named: boolean;
}

/** Names of images. If the content is something else, the user gets a message. */
const PICTURE = /\.(jpe?g|png|webp|avif|gif|tiff?|svg|heic|heif|bmp|jxl|ico|psd)$/i;

/** Expands files, folders, globs and URLs. Each file appears once, and files in `out` are excluded. */
export async function findInputs(
  given: readonly string[],
  out: string | null,
  accepts: Accepts,
): Promise<Inputs> {
  const found = new Map<string, Found>();
  const inputs: Inputs = { files: [], unfit: [], skipped: 0 };
  const [urls, paths] = [given.filter(isUrl), given.filter((one) => !isUrl(one))];
  for (const url of new Set(urls)) inputs.files.push(remoteInput(url));
  for (const one of paths) {
    let any = false;
    for await (const file of expand(one)) {
      any = true;
      const path = resolve(file.path);
      if (!file.named && out !== null && isBelow(path, out)) continue;
      if (!found.has(path)) found.set(path, file);
    }
    if (!any) inputs.unfit.push({ path: one, bytes: 0, reason: await reasonOfNothing(one) });
  }
  for (const file of found.values()) await sort(file, accepts, inputs);
  return inputs;
}

export function isUrl(given: string): boolean {
  return /^https?:\/\//i.test(given) && URL.canParse(given);
}

function remoteInput(url: string): Input {
  const name = nameOfUrl(new URL(url));
  return { path: url, isRemote: true, name, folder: "", bytes: 0, mediaType: "" };
}

async function* expand(given: string): AsyncGenerator<Found> {
  const stats = await stat(given).catch(() => null);
  if (stats?.isFile()) yield { path: given, folder: "", named: true };
  else if (stats?.isDirectory()) yield* below(given, "");
  else if (!stats && /[*?[{]/.test(given)) {
    const base = fixedPart(given);
    const paths: string[] = [];
    for await (const path of glob(given)) paths.push(path);
    for (const path of paths.sort()) {
      if (!(await stat(path).catch(() => null))?.isFile()) continue;
      const folder = dirname(relative(base, path));
      yield { path, folder: folder === "." ? "" : folder, named: false };
    }
  }
}

async function* below(root: string, folder: string): AsyncGenerator<Found> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith(".")) continue;
    const inside = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(root, inside);
    else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(join(root, inside))))) {
      yield { path: join(root, inside), folder, named: false };
    }
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/** Folders before the first wildcard. */
function fixedPart(pattern: string): string {
  const parts = pattern.split(/[/\\]/);
  const wild = parts.findIndex((part) => /[*?[{]/.test(part));
  return parts.slice(0, wild).join(sep) || (pattern.startsWith("/") ? "/" : ".");
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder + sep);
}

async function reasonOfNothing(given: string): Promise<string> {
  if (/[*?[{]/.test(given)) return "No file matches this pattern.";
  return (await stat(given).catch(() => null)) ? "This folder is empty." : "There is no such file or folder.";
}

async function sort(found: Found, accepts: Accepts, inputs: Inputs): Promise<void> {
  const { path, folder } = found;
  const name = basename(path);
  try {
    const { size, mediaType } = await look(path);
    const promised = found.named || PICTURE.test(name);
    if (mediaType === null || !accepts.mediaTypes.includes(mediaType)) {
      if (!promised) inputs.skipped++;
      else inputs.unfit.push({ path, bytes: size, reason: unreadable(size, mediaType, accepts) });
    } else if (size > accepts.maxFileBytes) {
      const reason = `The file has ${bytes(size)}. The limit is ${limit(accepts.maxFileBytes)} (MILLRACE_MAX_FILE_MIB).`;
      inputs.unfit.push({ path, bytes: size, reason });
    } else inputs.files.push({ path, isRemote: false, folder, name, bytes: size, mediaType });
  } catch (error) {
    inputs.unfit.push({ path, bytes: 0, reason: `The file cannot be read: ${(error as Error).message}.` });
  }
}

async function look(path: string): Promise<{ size: number; mediaType: string | null }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return { size, mediaType: await mediaTypeOf(buffer.subarray(0, bytesRead)) };
  } finally {
    await file.close();
  }
}

function unreadable(size: number, mediaType: string | null, accepts: Accepts): string {
  if (size === 0) return "The file is empty.";
  const known = accepts.mediaTypes.map((type) => type.replace(/^image\/|\+xml$/g, "")).join(", ");
  return `The content is ${mediaType ?? "of an unknown type"}. Supported images: ${known}.`;
}
