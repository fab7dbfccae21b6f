import type { Dirent, Stats } from "node:fs";
import { chmod, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = 0o700;
const FILE = 0o600;

/**
 * Makes files accessible only to their owner: the folder, and those of its entries that `isOurs` names, with everything
 * below them. If the folder was already private, skips its contents, because nobody could reach them. Returns how many
 * entries were open to others. A missing folder counts as none.
 */
export async function makePrivate(
  folder: string,
  isOurs: (name: string) => boolean = () => true,
): Promise<number> {
  const found = await lstat(folder).catch(ifMissing);
  // Windows has no such modes, and other users' files are not ours to change.
  if (!found?.isDirectory() || process.platform === "win32" || found.uid !== process.getuid!()) return 0;
  if (!isOpen(found)) return 0;
  let changed = 1;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (isOurs(entry.name)) changed += await closeEntry(folder, entry);
  }
  // Last: if this is interrupted, the next start finds the folder still open, and continues.
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

/** Whether anyone but the owner has any access. */
function isOpen({ mode }: Stats): boolean {
  return (mode & 0o077) !== 0;
}

function ifMissing(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
