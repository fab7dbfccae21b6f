import type { Accepts } from "../api/contract.ts";
import { createStore } from "../store/store.ts";
import { mediaTypeOf } from "./sniff.ts";

export type Rejection = "type" | "empty" | "size" | "unreadable";

export interface Picked {
  id: string;
  file: File;
  mediaType: string | null;
  rejection: Rejection | null;
}

export interface Selection {
  picked: readonly Picked[];
  /** The picture in the preview. */
  previewId: string | null;
  /** Files of folders that are no pictures, and were not added. */
  leftOut: number;
}

const empty: Selection = { picked: [], previewId: null, leftOut: 0 };

/** What is chosen survives a visit to another page. */
export const selection = createStore<Selection>(empty);

let nextId = 0;

/**
 * Adds files that were chosen or dropped. What is no picture is shown as such when it was chosen by itself, and
 * left out when it came with a folder. The same file is not added twice.
 */
export async function addFiles(
  files: readonly File[],
  from: "files" | "folder",
  accepts: Accepts,
): Promise<number> {
  const examined = await Promise.all(files.map((file) => examine(file, accepts)));
  const kept = from === "folder" ? examined.filter((entry) => entry.rejection !== "type") : examined;
  let added = 0;
  selection.set((now) => {
    const known = new Set(now.picked.map(({ file }) => fingerprint(file)));
    const fresh = kept.filter(({ file }) => !known.has(fingerprint(file)));
    added = fresh.length;
    const picked = [...now.picked, ...fresh];
    return {
      picked,
      previewId: now.previewId ?? picked.find((entry) => !entry.rejection)?.id ?? null,
      leftOut: now.leftOut + (examined.length - kept.length),
    };
  });
  return added;
}

async function examine(file: File, accepts: Accepts): Promise<Picked> {
  const id = `picked-${nextId++}`;
  try {
    const mediaType = await mediaTypeOf(file);
    return { id, file, mediaType, rejection: reject(file, mediaType, accepts) };
  } catch {
    return { id, file, mediaType: null, rejection: "unreadable" };
  }
}

export function reject(file: { size: number }, mediaType: string | null, accepts: Accepts): Rejection | null {
  if (file.size === 0) return "empty";
  const any = accepts.mediaTypes.includes("*");
  if (!any && (!mediaType || !accepts.mediaTypes.includes(mediaType))) return "type";
  return file.size > accepts.maxFileBytes ? "size" : null;
}

function fingerprint(file: File): string {
  return `${file.webkitRelativePath || file.name} ${file.size} ${file.lastModified}`;
}

export function removePicked(match: (entry: Picked, index: number) => boolean): void {
  selection.set((now) => {
    const picked = now.picked.filter((entry, index) => !match(entry, index));
    const stays = picked.some((entry) => entry.id === now.previewId);
    return {
      ...now,
      picked,
      previewId: stays ? now.previewId : (picked.find((entry) => !entry.rejection)?.id ?? null),
      leftOut: picked.length === 0 ? 0 : now.leftOut,
    };
  });
}

export function clearSelection(): void {
  selection.set(empty);
}

export function choosePreview(id: string): void {
  selection.set((now) => ({ ...now, previewId: id }));
}

export function totalBytes(picked: readonly Picked[]): number {
  return picked.reduce((sum, { file }) => sum + file.size, 0);
}
