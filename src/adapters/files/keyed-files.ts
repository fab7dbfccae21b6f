import { mkdir, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asBlobError, goneError } from "./blob-error.ts";
import type { directorySync } from "./directory-sync.ts";

const PAGE_KEYS = 1_000;
/** The hash of the content, and a suffix that distinguishes a re-upload from the copy being collected. */
const KEY = /^[0-9a-f]{64}-[0-9a-f]{8}$/;

export function isKey(name: string): boolean {
  return KEY.test(name);
}

/** Files by key, in folders named after the first two characters of the key. */
export function keyedFiles(folder: string, sync: ReturnType<typeof directorySync>) {
  const created = new Map<string, Promise<void>>();

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
  const pathOf = (key: string): string => {
    if (!isKey(key)) throw goneError();
    return join(folder, key.slice(0, 2), key);
  };

  return {
    pathOf,

    /** Moves a staged file to its key; durable when it resolves. */
    async keep(staged: string, key: string): Promise<void> {
      const shard = join(folder, key.slice(0, 2));
      await ensureFolder(shard);
      await rename(staged, join(shard, key)).catch((error: unknown) => {
        // An operator may have removed the folder; it is created again for the next file.
        created.delete(shard);
        throw error;
      });
      await sync(shard);
    },

    /** Of two files with the same content, `kept` stays; if it is missing, the other takes its key. */
    async merge(key: string, bytes: number, kept: string): Promise<void> {
      const [from, to] = [pathOf(key), pathOf(kept)];
      try {
        const there = await stat(to).catch(() => null);
        if (there?.size === bytes) return await unlink(from);
        await ensureFolder(dirname(to));
        await rename(from, to);
        await sync(dirname(to));
      } catch (error) {
        // The folder may have been lost along with the file.
        created.delete(dirname(to));
        asBlobError(error);
      }
    },

    /** Pages of the keys of files last changed before `olderThan`. */
    async *list(olderThan: number): AsyncGenerator<string[]> {
      let page: string[] = [];
      for (const shard of await readdir(folder).catch(asBlobError)) {
        if (!/^[0-9a-f]{2}$/.test(shard)) continue;
        for (const key of await readdir(join(folder, shard)).catch(asBlobError)) {
          if (!isKey(key)) continue;
          const found = await stat(join(folder, shard, key)).catch(() => null);
          if (found && found.mtimeMs < olderThan) page.push(key);
          if (page.length < PAGE_KEYS) continue;
          yield page;
          page = [];
        }
      }
      if (page.length > 0) yield page;
    },
  };
}
