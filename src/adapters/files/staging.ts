import { createHash, randomBytes } from "node:crypto";
import { type FileHandle, open, readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { abortError, checkSize } from "../../domain/incoming.ts";
import type { PutOptions } from "../../ports/blobs.ts";
import { asBlobError } from "./blob-error.ts";

/** Bytes gathered per write: fewer trips to the thread pool, while memory stays flat. */
const WRITE_BYTES = 1024 * 1024;

export interface StageOptions extends Omit<PutOptions, "leaveReserve"> {
  /** Called before each further write of a stream; if it rejects, the writing ends. */
  checkRoom?: () => Promise<void>;
}

export interface StagedFile {
  path: string;
  sha256: string;
  bytes: number;
}

/** Writes a source into a new synced file in `folder` and hashes it. Leaves no file behind when it rejects. */
export async function stage(
  folder: string,
  source: Readable | Buffer,
  options: StageOptions,
): Promise<StagedFile> {
  const path = join(folder, randomBytes(16).toString("hex"));
  let handle: FileHandle | undefined;
  try {
    options.signal?.throwIfAborted();
    if (Buffer.isBuffer(source)) checkSize(source.length, options.maxBytes);
    handle = await open(path, "wx", 0o600).catch(asBlobError);
    const written = Buffer.isBuffer(source)
      ? await writeBuffer(handle, source)
      : await writeStream(handle, source, options);
    options.signal?.throwIfAborted();
    await handle.datasync().catch(asBlobError);
    await handle.close().catch(asBlobError);
    return { path, ...written };
  } catch (error) {
    if (!Buffer.isBuffer(source) && !source.destroyed) source.destroy();
    await handle?.close().catch(() => undefined);
    if (handle) await unlink(path).catch(() => undefined);
    throw error;
  }
}

async function writeBuffer(handle: FileHandle, source: Buffer): Promise<{ sha256: string; bytes: number }> {
  const written = writeAll(handle, [source]);
  // Hashed on this thread while the thread pool writes.
  const sha256 = createHash("sha256").update(source).digest("hex");
  await written;
  return { sha256, bytes: source.length };
}

async function writeStream(
  handle: FileHandle,
  source: Readable,
  { maxBytes, signal, checkRoom }: StageOptions,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await writing;
    writing = writeAll(handle, gathered);
    // Awaited at the next flush; until then a failure must not count as unhandled.
    writing.catch(() => undefined);
    gathered = [];
    gatheredBytes = 0;
  };
  const abort = () => source.destroy(abortError(signal));
  signal?.addEventListener("abort", abort, { once: true });
  try {
    for await (const piece of source as AsyncIterable<Buffer | string>) {
      const chunk = typeof piece === "string" ? Buffer.from(piece) : piece;
      bytes += chunk.length;
      checkSize(bytes, maxBytes);
      hash.update(chunk);
      gathered.push(chunk);
      gatheredBytes += chunk.length;
      if (gatheredBytes < WRITE_BYTES) continue;
      await checkRoom?.();
      await flush();
    }
    await flush();
  } finally {
    signal?.removeEventListener("abort", abort);
    // The file may be closed only when nothing writes to it any more.
    await writing.catch(() => undefined);
  }
  await writing;
  return { sha256: hash.digest("hex"), bytes };
}

/** Loops, because `writev` may write less than requested, as on a nearly full disk. */
async function writeAll(handle: FileHandle, buffers: Buffer[]): Promise<void> {
  let rest = buffers.filter((buffer) => buffer.length > 0);
  while (rest.length > 0) {
    let { bytesWritten } = await handle.writev(rest).catch(asBlobError);
    while (rest.length > 0 && bytesWritten >= rest[0]!.length) bytesWritten -= rest.shift()!.length;
    if (bytesWritten > 0) rest = [rest[0]!.subarray(bytesWritten), ...rest.slice(1)];
  }
}

/** Removes what dead writers left in the staging folder. */
export async function sweepStaging(folder: string, olderThan: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found?.isFile() && found.mtimeMs < olderThan) await unlink(path).catch(() => undefined);
  }
}
