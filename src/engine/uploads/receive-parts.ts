import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { UploadPart, UploadRecord } from "../../domain/uploads.ts";
import { MillraceError } from "../../errors.ts";
import { keepBlob } from "../keep-blob.ts";
import type { Checksum } from "./checksum.ts";
import type { UploadParts } from "./upload-parts.ts";

/**
 * Bytes of a part. A file that comes uncut, at once and is no larger is one part, and becomes the file without
 * being copied.
 */
export const PART_BYTES = 64 * 1024 * 1024;
/** A part also ends after this time: what came before it survives the death of the server. */
const PART_MS = 3_000;
/** A part that its time ends has at least so many bytes, and so large a share of the file. */
const LEAST_BYTES = 1024 * 1024;
const LEAST_SHARE = 1 / 256;
/** Parts of one upload, beyond which it does not go on. */
export const MAX_PARTS = 4_096;
/** Parts outlive their upload, so that one that has just been completed can be put together. */
const MARGIN_MS = 3_600_000;

export interface Receiving {
  source: Readable;
  /** Of the whole file; `null` while it is not known. */
  length: number | null;
  /** Bytes that the file may have while its length is not known. */
  most: number;
  /** Of the whole request: nothing of it counts when it differs. */
  checksum: Checksum | null;
  /** Hears of bytes that have been recorded. */
  onRecorded?(bytes: number): void;
}

/**
 * Goes on with an upload. What came before a connection was cut counts, so that a client resumes from there.
 * Two requests may send the same bytes at once: one of them is told `upload_moved`, and nothing is mixed.
 * What is refused is let go of at once.
 */
export async function receiveParts(
  uploads: UploadParts,
  upload: UploadRecord,
  { source, length, most, checksum, onRecorded }: Receiving,
): Promise<UploadRecord> {
  const { records, store } = uploads;
  const hash = checksum && createHash(checksum.algorithm);
  const pieces = cuttable(source, hash);
  const { owner, id } = upload;
  const limit = length ?? most;
  // Nothing of a checked body counts until all of it has come.
  const least = checksum ? Number.POSITIVE_INFINITY : Math.max(LEAST_BYTES, Math.ceil(limit * LEAST_SHARE));
  let known = upload;
  let end = upload.offset;
  /** Kept, but in no record yet. */
  let held: UploadPart[] = [];

  const append = async () => {
    const parts = held;
    // Should no answer come, nobody knows whether they are recorded: then they stay until the upload expires.
    held = [];
    const added = { offset: known.offset, parts, ...(length === null ? {} : { length }) };
    const answer = await records.append({ owner, id, now: store.now() }, added);
    if (answer.ok) {
      onRecorded?.(answer.upload.offset - known.offset);
      known = answer.upload;
      return;
    }
    held = parts;
    if (answer.reason === "missing") throw new MillraceError("not_found", "There is no such upload.");
    throw moved(answer.offset);
  };

  try {
    while (await pieces.more()) {
      const most = Math.min(PART_BYTES, limit - end);
      const part = await keepBlob(uploads, pieces.take(most, least), {
        until: pinUntil(upload.expiresAt),
        leaveReserve: true,
      });
      end += part.bytes;
      held.push(part);
      if (end === limit && (await pieces.more())) {
        const whole = length === null ? `${most} bytes that are accepted` : `${length} bytes of the file`;
        throw new MillraceError("request_too_large", `More came than the ${whole}.`);
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
    if (known.length !== length) await append();
    return known;
  } catch (error) {
    if (held.length > 0) await store.unpin({ keys: held.map((part) => part.blob) });
    throw error;
  }
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

/** Until when the blobs of an upload are pinned: they stay as long as the upload does. */
export function pinUntil(expiresAt: number): number {
  return expiresAt + MARGIN_MS;
}

/** A request's body in streams of bounded size and time; where it is cut off, it ends. */
function cuttable(source: Readable, hash: Hash | null) {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let waiting: Buffer | null = null;
  let reading: Promise<boolean> | null = null;
  let ended = false;
  let cut = false;

  const read = async (): Promise<boolean> => {
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

  /** Whether there are more bytes. Who stopped waiting for them may ask again. */
  const more = (): Promise<boolean> => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };

  async function* bytes(most: number, least: number) {
    const late = new AbortController();
    const isLate = sleep(PART_MS, false, { signal: late.signal }).catch(() => false);
    let left = most;
    try {
      while (left > 0 && (await (most - left < least ? more() : Promise.race([isLate, more()])))) {
        const chunk: Buffer = waiting!;
        waiting = chunk.length > left ? chunk.subarray(left) : null;
        left -= Math.min(left, chunk.length);
        yield waiting ? chunk.subarray(0, chunk.length - waiting.length) : chunk;
      }
    } finally {
      late.abort();
    }
  }

  return {
    more,
    wasCut: () => cut,
    /** At most so many bytes; from `least` on, those that come in time. */
    take: (most: number, least: number) => Readable.from(bytes(most, least)),
  };
}
