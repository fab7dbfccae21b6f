import { type Thumbnail, thumbnailOf } from "./thumbnails.ts";

/**
 * Images of the job just sent from this page. The browser already has their thumbnails, so the job's page need not
 * download the originals.
 */
let sent: { jobId: string; files: readonly (File | null)[] } | null = null;

export function keepPictures(jobId: string, files: readonly (File | null)[]): void {
  sent = { jobId, files };
}

export function localThumbnail(jobId: string, index: number): Promise<Thumbnail | null> | null {
  const file = sent?.jobId === jobId ? sent.files[index] : undefined;
  return file ? thumbnailOf(file, file.type || null) : null;
}
