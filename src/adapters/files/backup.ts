import { constants } from "node:fs";
import { copyFile, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** Files copied concurrently. */
const LANES = 8;

/**
 * Copies blobs from one root to another, except those already there with the same size. Returns how many of the keys
 * have no file.
 */
export async function copyBlobs(
  from: string,
  to: string,
  keys: Iterable<string>,
): Promise<{ missing: number }> {
  const made = new Set<string>();
  let missing = 0;

  async function copy(key: string): Promise<void> {
    const shard = key.slice(0, 2);
    if (!made.has(shard)) await mkdir(join(to, shard), { recursive: true, mode: 0o700 });
    made.add(shard);
    const [source, target] = [join(from, shard, key), join(to, shard, key)];
    const [there, copied] = await Promise.all([sizeOf(source), sizeOf(target)]);
    if (there === null) missing++;
    else if (there !== copied) await copyFile(source, target, constants.COPYFILE_FICLONE);
  }

  const waiting = keys[Symbol.iterator]();
  const lane = async () => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await copy(next.value);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return { missing };
}

function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    },
  );
}
