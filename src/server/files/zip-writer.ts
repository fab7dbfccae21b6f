import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { FileRef } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../ports/blobs.ts";
import type { ByteRange } from "./byte-range.ts";
import type { ZipEntry, ZipLayout } from "./zip-layout.ts";

/** Files up to this size are read in one go, which costs a fraction of a stream. */
const WHOLE_BYTES = 512 * 1024;
/** Cached checksums. Resuming a download needs those of all files before that point. */
const MAX_CHECKSUMS = 50_000;
/** Concurrent lookups. */
const LOOKUPS = 8;

/** CRC-32 checksums, by SHA-256 of the content. */
export type Checksums = Map<string, number>;

/**
 * Streams a range of an archive. Opens one file at a time, so that neither memory nor open files grow with the job.
 * If a read fails, destroys the stream, so that no client takes a partial archive for a complete one.
 */
export function writeZip(
  blobs: BlobStore,
  layout: ZipLayout,
  { start, end }: ByteRange,
  checksums: Checksums,
): Readable {
  return Readable.from(bytesOf(), { objectMode: false, highWaterMark: 1024 * 1024 });

  async function* bytesOf(): AsyncGenerator<Buffer> {
    for (const piece of layout.pieces) {
      const from = Math.max(0, start - piece.start);
      const to = Math.min(piece.bytes, end + 1 - piece.start);
      if (from >= to) continue;
      const { what } = piece;
      if (what.kind === "content") yield* contentOf(what.entry, from, to);
      else if (what.kind === "header") {
        yield layout.header(what.entry, await crcOf(what.entry)).subarray(from, to);
      } else yield layout.directory(await allChecksums()).subarray(from, to);
    }
  }

  async function* contentOf({ content }: ZipEntry, from: number, to: number): AsyncGenerator<Buffer> {
    if (Buffer.isBuffer(content)) yield content.subarray(from, to);
    else yield* await blobs.open(content.blob, { start: from, end: to - 1 });
  }

  async function allChecksums(): Promise<number[]> {
    const crcs: number[] = [];
    for (const { what } of layout.pieces) if (what.kind === "header") crcs.push(await crcOf(what.entry));
    return crcs;
  }

  async function crcOf({ content }: ZipEntry): Promise<number> {
    if (Buffer.isBuffer(content)) return crc32(content);
    const known = checksums.get(content.sha256);
    if (known !== undefined) return known;
    const crc = await checksumOf(blobs, content);
    if (checksums.size >= MAX_CHECKSUMS) checksums.delete(checksums.keys().next().value!);
    checksums.set(content.sha256, crc);
    return crc;
  }
}

async function checksumOf(blobs: BlobStore, file: FileRef): Promise<number> {
  if (file.bytes <= WHOLE_BYTES) return crc32(await blobs.read(file.blob));
  let crc = 0;
  for await (const chunk of await blobs.open(file.blob)) crc = crc32(chunk as Buffer, crc);
  return crc;
}

/** Files whose bytes are gone, which the archive must leave out. */
export async function missingFiles(blobs: BlobStore, files: readonly FileRef[]): Promise<Set<FileRef>> {
  const missing = new Set<FileRef>();
  const waiting = files.values();
  const lane = async () => {
    for (const file of waiting) if (!(await isThere(blobs, file))) missing.add(file);
  };
  await Promise.all(Array.from({ length: LOOKUPS }, lane));
  return missing;
}

async function isThere(blobs: BlobStore, file: FileRef): Promise<boolean> {
  try {
    (await blobs.open(file.blob)).destroy();
    return true;
  } catch (error) {
    if (error instanceof MillraceError && error.code === "gone") return false;
    throw error;
  }
}
