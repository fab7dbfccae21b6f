import type { FileView, JobItem } from "../api/contract.ts";
import { createStore } from "../store/store.ts";

/** Images of an earlier job. The server already has them, so they are referenced rather than sent. */
export interface Reused {
  jobId: string;
  files: readonly (FileView & { title: string })[];
  /** Artifact id of the image in the preview. */
  previewId: string | null;
}

const none: Reused = { jobId: "", files: [], previewId: null };

export const reused = createStore<Reused>(none);

export function reuse(jobId: string, items: readonly JobItem[]): void {
  const files = items.flatMap(({ input, name }) =>
    input === null || input.deleted ? [] : [{ ...input, title: name || input.name }],
  );
  reused.set({ jobId, files, previewId: files[0]?.artifactId ?? null });
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

export function previewReused(artifactId: string): void {
  reused.set((now) => ({ ...now, previewId: artifactId }));
}
