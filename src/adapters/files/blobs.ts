import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, stat, statfs, unlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../ports/blobs.ts";
import { asBlobError, asReadError, goneError } from "./blob-error.ts";
import { directorySync } from "./directory-sync.ts";
import { stage, sweepStaging } from "./staging.ts";

export interface FileBlobOptions {
  /** Free bytes below which `health` rejects with `storage_full`. @default 256 MiB */
  reserveBytes?: number;
}

const DAY_MS = 24 * 3_600_000;
const PAGE_KEYS = 1_000;
const READ_BYTES = 256 * 1024;
/** The hash of the content, and what tells a re-upload from the copy that is being collected. */
const KEY = /^[0-9a-f]{64}-[0-9a-f]{8}$/;

/**
 * Blobs as files: written and hashed in `<root>/staging`, synced, then renamed to `<root>/<first two
 * characters of the key>/<key>`, so that a file under its key is always whole. Several processes may share a root.
 */
export async function openFileBlobs(root: string, options: FileBlobOptions = {}): Promise<BlobStore> {
  const folder = resolve(root);
  const staging = join(folder, "staging");
  const reserve = options.reserveBytes ?? 256 * 1024 * 1024;
  const sync = directorySync();
  const created = new Map<string, Promise<void>>();

  const first = await mkdir(staging, { recursive: true, mode: 0o700 }).catch(asBlobError);
  for (let path = staging; first !== undefined && path.length >= first.length; path = dirname(path)) {
    await sync(dirname(path)).catch(asBlobError);
  }
  await sweepStaging(staging, Date.now() - DAY_MS).catch(asBlobError);

  const pathOf = (key: string): string => {
    if (!KEY.test(key)) throw goneError();
    return join(folder, key.slice(0, 2), key);
  };

  const createFolder = async (path: string) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await sync(folder);
  };
  const ensureFolder = (path: string): Promise<void> => {
    let ready = created.get(path);
    if (!ready) {
      ready = createFolder(path);
      created.set(path, ready);
      ready.catch(() => created.delete(path));
    }
    return ready;
  };

  const checkRoom = async () => {
    const { bavail, bsize } = await statfs(folder).catch(asBlobError);
    if (bavail * bsize >= reserve) return;
    throw new MillraceError(
      "storage_full",
      `The data folder's disk has ${bavail * bsize} bytes free, less than the reserve of ${reserve} bytes.`,
    );
  };

  /** Moves a staged file to its key; durable when it resolves. */
  const keep = async (staged: string, key: string) => {
    const shard = join(folder, key.slice(0, 2));
    await ensureFolder(shard);
    await rename(staged, join(shard, key)).catch((error: unknown) => {
      // An operator may have tidied the folder away: it is made again for the next file.
      created.delete(shard);
      throw error;
    });
    await sync(shard);
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
        // Autoclosed at the stream's end, error or destruction.
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

    async merge({ key, bytes }, kept) {
      const [from, to] = [pathOf(key), pathOf(kept)];
      try {
        const there = await stat(to).catch(() => null);
        if (there?.size === bytes) return await unlink(from);
        await ensureFolder(dirname(to));
        await rename(from, to);
        await sync(dirname(to));
      } catch (error) {
        // The folder may have been lost with the file.
        created.delete(dirname(to));
        asBlobError(error);
      }
    },

    async remove(keys) {
      for (const key of keys) {
        if (!KEY.test(key)) continue;
        await unlink(pathOf(key)).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") asBlobError(error);
        });
      }
    },

    async *list(olderThan) {
      await sweepStaging(staging, olderThan).catch(asBlobError);
      let page: string[] = [];
      for (const shard of await readdir(folder).catch(asBlobError)) {
        if (!/^[0-9a-f]{2}$/.test(shard)) continue;
        for (const key of await readdir(join(folder, shard)).catch(asBlobError)) {
          if (!KEY.test(key)) continue;
          const found = await stat(join(folder, shard, key)).catch(() => null);
          if (found && found.mtimeMs < olderThan) page.push(key);
          if (page.length < PAGE_KEYS) continue;
          yield page;
          page = [];
        }
      }
      if (page.length > 0) yield page;
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

/** An end past the file is cut to the file, as HTTP does; a start past it cannot be served. */
function checkRange(range: { start: number; end: number }, size: number): void {
  if (range.start >= 0 && range.start < size && range.start <= range.end) return;
  throw new MillraceError(
    "range_not_satisfiable",
    `The range ${range.start}-${range.end} lies outside the file of ${size} bytes.`,
    { extra: { size } },
  );
}
