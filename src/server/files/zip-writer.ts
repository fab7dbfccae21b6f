import type { Readable } from "node:stream";
import type { FastifyBaseLogger } from "fastify";
import ZipStream, { type EntryData } from "zip-stream";
import type { FileRef } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../ports/blobs.ts";
import type { ArchivePlan } from "./archive-plan.ts";

/** Small files go in one piece, which costs a fraction of a stream and lets readers know their size ahead. */
const WHOLE_BYTES = 512 * 1024;

/** A mode marks the entry as made on Unix: `unzip` takes names for an old DOS code page otherwise. */
const MODE = 0o644;

/** Formats that shrink when they are compressed; everything else that we make is compressed already. */
const COMPRESSIBLE = /^(text\/|application\/(json|xml|x-ndjson|javascript)|image\/(svg\+xml|bmp))/;

/**
 * The ZIP as a stream. One entry is open at a time, so that neither memory nor open files grow with the job.
 * A file whose bytes are gone is left out and the manifest, which comes last, says so; when reading breaks
 * off in the middle of a file the stream is destroyed, so that nobody takes the rest for the whole.
 */
export function writeZip(
  blobs: BlobStore,
  plan: ArchivePlan,
  date: Date,
  logger: FastifyBaseLogger,
): Readable {
  const zip = new ZipStream({ level: 1, highWaterMark: 1024 * 1024 });
  writeEntries(zip, blobs, plan, date).catch((error: unknown) => {
    if (!zip.destroyed) logger.warn({ err: error }, "an archive was broken off");
    zip.destroy(error instanceof Error ? error : undefined);
  });
  return zip;
}

async function writeEntries(zip: ZipStream, blobs: BlobStore, plan: ArchivePlan, date: Date): Promise<void> {
  const missing = new Set<FileRef>();
  for (const { file, name } of plan.files) {
    const source = await open(blobs, file);
    if (source === null) missing.add(file);
    else await add(zip, source, { name, date, mode: MODE, store: !COMPRESSIBLE.test(file.mediaType) });
    if (zip.destroyed) return;
  }
  await add(zip, Buffer.from(plan.manifest(missing)), { name: "manifest.json", date, mode: MODE });
  zip.finalize();
}

async function open(blobs: BlobStore, file: FileRef): Promise<Readable | Buffer | null> {
  try {
    return file.bytes <= WHOLE_BYTES ? await blobs.read(file.blob) : await blobs.open(file.blob);
  } catch (error) {
    if (error instanceof MillraceError && error.code === "gone") return null;
    throw error;
  }
}

/** Resolves when the entry is written and the client has room for the next; or when the client has gone. */
function add(zip: ZipStream, source: Readable | Buffer, data: EntryData): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      if (!Buffer.isBuffer(source)) source.destroy();
      resolve();
    };
    if (zip.destroyed) return stop();
    zip.once("close", stop);
    const proceed = () => {
      zip.removeListener("close", stop);
      resolve();
    };
    zip.entry(source, data, (error) => {
      if (error) {
        zip.removeListener("close", stop);
        reject(error);
      } else if (zip.writableNeedDrain) {
        zip.once("drain", proceed);
      } else proceed();
    });
  });
}
