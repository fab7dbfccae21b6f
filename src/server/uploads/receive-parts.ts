import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import type { Engine } from "../../engine/engine.ts";
import { MillraceError } from "../../errors.ts";
import type { StoredBlob } from "../../ports/blobs.ts";
import type { UploadPart, UploadRecord, UploadStore } from "../../ports/store/uploads.ts";

/**
 * Bytes of a part. A file that comes uncut and is no larger is one part, and becomes the file without being
 * copied; of a larger one, at most so much is sent again after the server's own death.
 */
export const PART_BYTES = 64 * 1024 * 1024;
/** Parts outlive their upload, so that one that has just been completed can be put together. */
const MARGIN_MS = 3_600_000;

export const checksumAlgorithms = ["sha1", "sha256", "md5"] as const;

export interface Checksum {
  algorithm: (typeof checksumAlgorithms)[number];
  digest: Buffer;
}

export interface Receiving {
  engine: Engine;
  uploads: UploadStore;
  upload: UploadRecord;
  source: Readable;
  /** Of the whole request: nothing of it counts when it differs. */
  checksum: Checksum | null;
}

/**
 * Goes on with an upload. What came before a connection was cut counts, so that a client resumes from there.
 * Two requests may send the same bytes at once: one of them is told `upload_moved`, and nothing is mixed.
 */
export async function receiveParts({
  engine,
  uploads,
  upload,
  source,
  checksum,
}: Receiving): Promise<UploadRecord> {
  const hash = checksum && createHash(checksum.algorithm);
  const pieces = cuttable(source, hash);
  let known = upload;
  let end = upload.offset;
  let held: UploadPart[] = [];

  const append = async () => {
    const { owner, id } = upload;
    const parts = held;
    held = [];
    const answer = await uploads.append({ owner, id, offset: known.offset, parts, now: engine.store.now() });
    if (answer.ok) known = answer.upload;
    else if (answer.reason === "missing") throw new MillraceError("not_found", "There is no such upload.");
    else throw moved(answer.offset);
  };

  while (await pieces.more()) {
    const part = await keep(engine, pieces.take(Math.min(PART_BYTES, upload.length - end)), upload.expiresAt);
    end += part.bytes;
    held.push(part);
    if (end === upload.length && (await pieces.more())) {
      throw new MillraceError("request_too_large", `More came than the ${upload.length} bytes of the file.`);
    }
    if (!checksum) await append();
  }
  if (checksum && hash) {
    if (pieces.wasCut()) throw new MillraceError("invalid_request", "The upload was cut off.");
    if (!hash.digest().equals(checksum.digest)) {
      throw new MillraceError("checksum_mismatch", "The bytes that came differ from their checksum.");
    }
    if (held.length > 0) await append();
  }
  return known;
}

export function moved(offset: number): MillraceError {
  return new MillraceError(
    "upload_moved",
    `The upload is at byte ${offset}; ask for its offset and go on from there.`,
    {
      extra: { offset },
    },
  );
}

/** Keeps one blob, and what has the same content already once. */
async function keep(engine: Engine, source: Readable, expiresAt: number): Promise<UploadPart> {
  return pinPart(engine, await engine.blobs.put(source), expiresAt);
}

/** A blob as a part of an upload: it stays as long as the upload does. */
export async function pinPart(
  engine: Engine,
  { key, sha256, bytes }: StoredBlob,
  expiresAt: number,
): Promise<UploadPart> {
  const pinned = await engine.store.pin({ key, sha256, bytes, until: pinUntil(expiresAt) });
  if (pinned.key !== key) await engine.blobs.remove([key]);
  return { blob: pinned.key, bytes, sha256 };
}

export function pinUntil(expiresAt: number): number {
  return expiresAt + MARGIN_MS;
}

/** A request's body in streams of bounded size; where it is cut off, it ends. */
function cuttable(source: Readable, hash: Hash | null) {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let waiting: Buffer | null = null;
  let ended = false;
  let cut = false;

  const more = async (): Promise<boolean> => {
    while (waiting === null && !ended) {
      try {
        const next = await chunks.next();
        if (next.done) ended = true;
        else if (next.value.length > 0) {
          waiting = next.value;
          hash?.update(waiting);
        }
      } catch {
        ended = true;
        cut = true;
      }
    }
    return waiting !== null;
  };

  async function* bytes(limit: number) {
    let left = limit;
    while (left > 0 && (await more())) {
      const chunk: Buffer = waiting!;
      waiting = chunk.length > left ? chunk.subarray(left) : null;
      left -= Math.min(left, chunk.length);
      yield waiting ? chunk.subarray(0, chunk.length - waiting.length) : chunk;
    }
  }

  return { more, wasCut: () => cut, take: (limit: number) => Readable.from(bytes(limit)) };
}
