import type { FilePart, Submission } from "./submission.ts";

/**
 * Submissions that outlive the page, in IndexedDB: the request, the upload of each file, and the contents of files that
 * are not uploaded yet. The browser stores contents on disk rather than in memory.
 */

const keptMs = 24 * 3_600_000;
/** The server deletes uploads at that age, so do not offer those that are about to expire. */
const marginMs = 600_000;

type Head = Omit<Submission, "parts">;
type PartRecord = Omit<FilePart, "file">;
/** Contents may still be being stored, by this tab or another one. */
const partlyKeptMs = 3_600_000;

const database = "millrace";
const stores = ["submissions", "parts", "contents"] as const;
type StoreName = (typeof stores)[number];

export function saveSubmission({ parts, ...head }: Submission): Promise<void> {
  return write(["submissions", "parts"], (store) => {
    store("submissions").put(head satisfies Head, head.key);
    for (const [index, part] of parts.entries()) store("parts").put(recordOf(part), [head.key, index]);
  });
}

export function savePart(key: string, index: number, part: FilePart): Promise<void> {
  return write(["parts", "contents"], (store) => {
    store("parts").put(recordOf(part), [key, index]);
    if (part.done) store("contents").delete([key, index]);
  });
}

export function saveContent(key: string, index: number, file: File): Promise<void> {
  return write(["contents"], (store) => store("contents").put(file, [key, index]));
}

export function dropSubmission(key: string): Promise<void> {
  return write([...stores], (store) => {
    store("submissions").delete(key);
    for (const name of ["parts", "contents"] as const) store(name).delete(partsOf(key));
  });
}

/** Submissions that can be resumed, oldest first. Deletes those that cannot. */
export async function keptSubmissions(now: number): Promise<Submission[]> {
  const db = await open();
  try {
    const transaction = db.transaction([...stores]);
    const heads: Head[] = await result(transaction.objectStore("submissions").getAll());
    const found: Submission[] = [];
    for (const head of heads) {
      const records: PartRecord[] = await result(transaction.objectStore("parts").getAll(partsOf(head.key)));
      const contents = transaction.objectStore("contents");
      const parts: FilePart[] = [];
      for (const [index, record] of records.entries()) {
        const file: File | undefined = await result(contents.get([head.key, index]));
        parts.push({ ...record, file: file ?? null });
      }
      found.push({ ...head, parts });
    }
    for (const kept of found) if (isStale(kept, now)) await dropSubmission(kept.key);
    return found
      .filter((kept) => isWhole(kept) && !isStale(kept, now))
      .sort((a, b) => a.createdAt - b.createdAt);
  } finally {
    db.close();
  }
}

function isWhole({ parts }: Submission): boolean {
  return parts.length > 0 && parts.every((part) => part.done || part.file !== null);
}

function isStale(kept: Submission, now: number): boolean {
  return now - kept.createdAt > (isWhole(kept) ? keptMs - marginMs : partlyKeptMs);
}

function recordOf({ file: _, ...record }: FilePart): PartRecord {
  return record;
}

function partsOf(key: string): IDBKeyRange {
  return IDBKeyRange.bound([key], [key, []]);
}

/** Rejects if the browser does not allow storage, or has no space left. */
async function write(
  names: StoreName[],
  change: (store: (name: StoreName) => IDBObjectStore) => void,
): Promise<void> {
  const db = await open();
  try {
    const transaction = db.transaction(names, "readwrite");
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    change((name) => transaction.objectStore(name));
    await ended;
  } finally {
    db.close();
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(database, 1);
  request.onupgradeneeded = () => {
    for (const name of stores) request.result.createObjectStore(name);
  };
  return result(request);
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
