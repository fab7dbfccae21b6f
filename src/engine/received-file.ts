/** A file in the blob store that no job refers to yet. */
export interface ReceivedFile {
  name: string;
  mediaType: string;
  bytes: number;
  sha256: string;
  blob: string;
  /**
   * Names the pin that keeps its bytes until a job takes it over or `discard` releases it. `null` if something else
   * keeps them for longer than a request takes, such as a resumable upload.
   */
  pin: string | null;
}
