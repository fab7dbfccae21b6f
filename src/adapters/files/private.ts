import type { Dirent, Stats } from "node:fs";
import { chmod, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = 0o700;
const FILE = 0o600;

/**
 * Makes what is there readable to its owner alone: the folder, and of its entries those named by `isOurs` with all
 * that is below them. Where the folder was private already, nothing below it is looked at: nobody got that far.
 * Tells how many were open to others. A missing folder is none.
 */
export async function makePrivate(
  folder: string,
  isOurs: (name: string) => boolean = () => true,
): Promise<number> {
  const found = await lstat(folder).catch(ifMissing);
  // Windows keeps no such modes, and what is another user's is not ours to change.
  if (!found?.isDirectory() || process.platform === "win32" || found.uid !== process.getuid!()) return 0;
  if (!isOpen(found)) return 0;
  let changed = 1;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (isOurs(entry.name)) changed += await closeEntry(folder, entry);
  }
  // Last: were this cut short, the next start would find the folder open, and go on.
  await chmod(folder, FOLDER);
  return changed;
}

async function closeEntry(folder: string, entry: Dirent): Promise<number> {
  const path = join(folder, entry.name);
  if (entry.isDirectory()) return makePrivate(path);
  if (!entry.isFile()) return 0;
  const found = await lstat(path).catch(ifMissing);
  if (!found || !isOpen(found)) return 0;
  await chmod(path, FILE);
  return 1;
}

/** Whether anyone but the owner may do anything with it. */
function isOpen({ mode }: Stats): boolean {
  return (mode & 0o077) !== 0;
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
