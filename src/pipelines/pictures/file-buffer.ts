import { open } from "node:fs/promises";

/** Largest buffer to keep. Most photos fit. */
const KEPT_BYTES = 8 * 1024 * 1024;

/** The buffer kept for the next file. `null` while it is in use. */
let kept: Buffer | null = Buffer.allocUnsafeSlow(KEPT_BYTES);

/**
 * Reads a file and calls `work` with its bytes, which are valid until `work` ends. Files of one process share a buffer,
 * one after the other, because allocating and clearing new memory takes longer than copying the file.
 */
export async function withFile<T>(path: string, work: (data: Buffer) => Promise<T>): Promise<T> {
  const file = await open(path);
  let shared: Buffer | null = null;
  let data: Buffer;
  try {
    const { size } = await file.stat();
    if (size <= KEPT_BYTES) [shared, kept] = [kept, null];
    data = (shared ?? Buffer.allocUnsafeSlow(size)).subarray(0, size);
    let came = 0;
    while (came < size) {
      const { bytesRead } = await file.read(data, came, size - came, came);
      if (bytesRead === 0) break;
      came += bytesRead;
    }
    data = data.subarray(0, came);
  } catch (error) {
    kept ??= shared;
    throw error;
  } finally {
    await file.close();
  }
  let ended = false;
  try {
    const result = await work(data);
    ended = true;
    return result;
  } finally {
    // An abandoned decoder may still read the buffer, so the next file gets a new one.
    if (shared) kept ??= ended ? shared : Buffer.allocUnsafeSlow(KEPT_BYTES);
  }
}
