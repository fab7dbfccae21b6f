import { imageConvertLimits } from "../../../src/pipelines/image-convert/limits.ts";
import type { Accepts } from "../api/contract.ts";
import type { Size } from "../compare/zoom.ts";
import { headerSize } from "../pictures/header-size.ts";
import { createStore } from "../store/store.ts";
import type { OwnOptions } from "./own-options.ts";
import { headOf, sniff } from "./sniff.ts";

export type Rejection = "type" | "empty" | "size" | "pixels" | "unreadable";

export interface Picked {
  id: string;
  file: File;
  mediaType: string | null;
  rejection: Rejection | null;
  /** Options in place of those of all images. */
  own: OwnOptions | null;
}

export interface Selection {
  picked: readonly Picked[];
  /** The image in the preview. */
  previewId: string | null;
  /** Number of files in folders that are not images and were not added. */
  leftOut: number;
}

const empty: Selection = { picked: [], previewId: null, leftOut: 0 };

/** Outlives the page component, so that visiting another page does not lose it. */
export const selection = createStore<Selection>(empty);

let nextId = 0;

/**
 * Adds chosen or dropped files. A file that is not an image is shown as such if it was chosen individually, and skipped
 * if it came with a folder. Duplicates are not added.
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
    const head = await headOf(file);
    const mediaType = sniff(head);
    const rejection = reject(file, mediaType, accepts) ?? rejectSize(headerSize(head, mediaType));
    return { id, file, mediaType, rejection, own: null };
  } catch {
    return { id, file, mediaType: null, rejection: "unreadable", own: null };
  }
}

export function reject(file: { size: number }, mediaType: string | null, accepts: Accepts): Rejection | null {
  if (file.size === 0) return "empty";
  const any = accepts.mediaTypes.includes("*");
  if (!any && (!mediaType || !accepts.mediaTypes.includes(mediaType))) return "type";
  return file.size > accepts.maxFileBytes ? "size" : null;
}

/** Rejects images that exceed the default limit. A server may have a lower one. */
export function rejectSize(size: Size | null): Rejection | null {
  return size && size.width * size.height > imageConvertLimits.maxPixels ? "pixels" : null;
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

export function setOwn(id: string, own: OwnOptions | null): void {
  selection.set((now) => ({
    ...now,
    picked: now.picked.map((entry) => (entry.id === id ? { ...entry, own } : entry)),
  }));
}

export function totalBytes(picked: readonly Picked[]): number {
  return picked.reduce((sum, { file }) => sum + file.size, 0);
}
