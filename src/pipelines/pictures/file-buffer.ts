import { open } from "node:fs/promises";

/** The largest buffer that is kept: most photographs fit. */
const KEPT_BYTES = 8 * 1024 * 1024;

/** The one that is kept for the next file; `null` while a file is in it. */
let kept: Buffer | null = Buffer.allocUnsafeSlow(KEPT_BYTES);

/**
 * Reads a file and does `work` with its bytes, which are valid until `work` ends. Files of one process share a buffer,
 * one after the other: the system takes more time to give and clear new memory for each than to copy the file.
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
    // A decoder that was given up may still read it: the next file gets another.
    if (shared) kept ??= ended ? shared : Buffer.allocUnsafeSlow(KEPT_BYTES);
  }
}
