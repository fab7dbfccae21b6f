import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, statfs, unlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../ports/blobs.ts";
import { asBlobError, asReadError } from "./blob-error.ts";
import { directorySync } from "./directory-sync.ts";
import { isKey, keyedFiles } from "./keyed-files.ts";
import { stage, sweepStaging } from "./staging.ts";

export interface FileBlobOptions {
  /** Free bytes below which `health` rejects with `storage_full`. @default 256 MiB */
  reserveBytes?: number;
}

const DAY_MS = 24 * 3_600_000;
const READ_BYTES = 256 * 1024;

/**
 * Blobs as files: written and hashed in `<root>/staging`, synced, then renamed to
 * `<root>/<first two characters of the key>/<key>`, so that a file under its key is always complete. Several processes
 * may share a root.
 */
export async function openFileBlobs(root: string, options: FileBlobOptions = {}): Promise<BlobStore> {
  const folder = resolve(root);
  const staging = join(folder, "staging");
  const reserve = options.reserveBytes ?? 256 * 1024 * 1024;
  const sync = directorySync();

  const first = await mkdir(staging, { recursive: true, mode: 0o700 }).catch(asBlobError);
  for (let path = staging; first !== undefined && path.length >= first.length; path = dirname(path)) {
    await sync(dirname(path)).catch(asBlobError);
  }
  await sweepStaging(staging, Date.now() - DAY_MS).catch(asBlobError);
  const { pathOf, keep, merge, list } = keyedFiles(folder, sync);

  const checkRoom = async () => {
    const { bavail, bsize } = await statfs(folder).catch(asBlobError);
    if (bavail * bsize >= reserve) return;
    throw new MillraceError(
      "storage_full",
      `The data folder's disk has ${bavail * bsize} bytes free, less than the reserve of ${reserve} bytes.`,
    );
  };

  return {
    name: "files",

    async put(source, putOptions = {}) {
      const { leaveReserve, ...options } = putOptions;
      const { path, sha256, bytes } = await stage(staging, source, {
        ...options,
        checkRoom: leaveReserve ? checkRoom : undefined,
      });
      const key = `${sha256}-${randomBytes(4).toString("hex")}`;
      try {
        await keep(path, key);
      } catch (error) {
        await Promise.allSettled([unlink(path), unlink(pathOf(key))]);
        asBlobError(error);
      }
      return { key, sha256, bytes };
    },

    async open(key, range) {
      const handle = await open(pathOf(key), "r").catch(asReadError);
      try {
        const { size } = await handle.stat().catch(asBlobError);
        if (range) checkRange(range, size);
        // Closes itself at the stream's end, error or destruction.
        return handle.createReadStream({ ...range, highWaterMark: READ_BYTES });
      } catch (error) {
        await handle.close();
        throw error;
      }
    },

    async read(key) {
      return readFile(pathOf(key)).catch(asReadError);
    },

    localPath(key) {
      return pathOf(key);
    },

    merge: ({ key, bytes }, kept) => merge(key, bytes, kept),

    async remove(keys) {
      for (const key of keys) {
        if (!isKey(key)) continue;
        await unlink(pathOf(key)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") asBlobError(error);
        });
      }
    },

    async *list(olderThan) {
      await sweepStaging(staging, olderThan).catch(asBlobError);
      yield* list(olderThan);
    },

    async health() {
      const probe = join(staging, `health-${randomBytes(8).toString("hex")}`);
      try {
        await writeFile(probe, "", { flag: "wx", mode: 0o600 });
        await unlink(probe);
        await checkRoom();
      } catch (error) {
        if (error instanceof MillraceError) throw error;
        asBlobError(error);
      }
    },

    async close() {},
  };
}

/** An end past the file is clamped, as in HTTP; a start past it is an error. */
function checkRange(range: { start: number; end: number }, size: number): void {
  if (range.start >= 0 && range.start < size && range.start <= range.end) return;
  throw new MillraceError(
    "range_not_satisfiable",
    `The range ${range.start}-${range.end} lies outside the file of ${size} bytes.`,
    { extra: { size } },
  );
}
