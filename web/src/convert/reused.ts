import type { FileView, Job, JobItem, Json } from "../api/contract.ts";
import { createStore } from "../store/store.ts";
import type { ConvertOptions } from "./options.ts";
import { type OwnOptions, ownBetween } from "./own-options.ts";

export interface ReusedFile extends FileView {
  title: string;
  /** Options in place of those of all images. */
  own: OwnOptions | null;
}

/** Images of an earlier job. The server already has them, so they are referenced rather than sent. */
export interface Reused {
  jobId: string;
  files: readonly ReusedFile[];
  /** Artifact id of the image in the preview. */
  previewId: string | null;
}

const none: Reused = { jobId: "", files: [], previewId: null };

export const reused = createStore<Reused>(none);

/** Takes over the files of a job that the server still has, each with its own options. */
export function reuse({ id, options }: Pick<Job, "id" | "options">, items: readonly JobItem[]): void {
  const ownOf = (own: Json) =>
    own === null ? null : ownBetween(options as ConvertOptions, own as ConvertOptions);
  const files = items.flatMap(({ input, name, options: own }) =>
    input === null || input.deleted ? [] : [{ ...input, title: name || input.name, own: ownOf(own) }],
  );
  reused.set({ jobId: id, files, previewId: files[0]?.artifactId ?? null });
}

export function clearReused(): void {
  reused.set(none);
}

export function removeReused(artifactId: string): void {
  reused.set((now) => {
    const files = now.files.filter((file) => file.artifactId !== artifactId);
    if (files.length === 0) return none;
    const previewId = now.previewId === artifactId ? (files[0]?.artifactId ?? null) : now.previewId;
    return { ...now, files, previewId };
  });
}

export function setReusedOwn(artifactId: string, own: OwnOptions | null): void {
  reused.set((now) => ({
    ...now,
    files: now.files.map((file) => (file.artifactId === artifactId ? { ...file, own } : file)),
  }));
}

export function previewReused(artifactId: string): void {
  reused.set((now) => ({ ...now, previewId: artifactId }));
}
