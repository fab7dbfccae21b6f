import { type Thumbnail, thumbnailOf } from "./thumbnails.ts";

/**
 * The pictures of the job that was just sent from here: their thumbnails are in the browser already, so the job's
 * page need not load the originals again.
 */
let sent: { jobId: string; files: readonly (File | null)[] } | null = null;

export function keepPictures(jobId: string, files: readonly (File | null)[]): void {
  sent = { jobId, files };
}

export function localThumbnail(jobId: string, index: number): Promise<Thumbnail | null> | null {
  const file = sent?.jobId === jobId ? sent.files[index] : undefined;
  return file ? thumbnailOf(file, file.type || null) : null;
}
