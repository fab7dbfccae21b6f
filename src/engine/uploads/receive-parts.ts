import { createHash, type Hash } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { UploadPart, UploadRecord } from "../../domain/uploads.ts";
import { MillraceError } from "../../errors.ts";
import { keepBlob } from "../keep-blob.ts";
import type { Checksum } from "./checksum.ts";
import type { UploadParts } from "./upload-parts.ts";

/**
 * Size of a part, in bytes. A file that arrives in one go and is no larger than this is a single part, and becomes the
 * file without being copied.
 */
export const PART_BYTES = 64 * 1024 * 1024;
/** A part also ends after this time, so that what came before survives the death of the server. */
const PART_MS = 3_000;
/** A part that ends by time has at least this many bytes and this share of the file. */
const LEAST_BYTES = 1024 * 1024;
const LEAST_SHARE = 1 / 256;
/** Most parts of one upload. */
export const MAX_PARTS = 4_096;
/** Pins of parts outlast their upload, so that one just completed can be assembled. */
const MARGIN_MS = 3_600_000;

export interface Receiving {
  source: Readable;
  /** Size of the whole file; `null` while unknown. */
  length: number | null;
  /** Most bytes that the file may have while its size is unknown. */
  most: number;
  /** Checksum of the whole request: on a mismatch, none of it is kept. */
  checksum: Checksum | null;
  /** Called with the number of bytes recorded. */
  onRecorded?(bytes: number): void;
}

/**
 * Continues an upload. Bytes that arrive before a connection drops are kept, and the client resumes from there. If two
 * requests send the same bytes at once, one of them gets `upload_moved`, and nothing is mixed. Rejected bytes are
 * released at once.
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
  // A request with a checksum counts only as a whole.
  const least = checksum ? Number.POSITIVE_INFINITY : Math.max(LEAST_BYTES, Math.ceil(limit * LEAST_SHARE));
  let known = upload;
  let end = upload.offset;
  /** Stored, but not recorded yet. */
  let held: UploadPart[] = [];

  const append = async () => {
    const parts = held;
    // If no answer comes, they may have been recorded, so they stay until the upload expires.
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
        throw new MillraceError("request_too_large", `The request sent more than the ${whole}.`);
      }
      if (!checksum) await append();
    }
    if (checksum && hash) {
      if (pieces.wasCut()) throw new MillraceError("invalid_request", "The upload was interrupted.");
      if (!hash.digest().equals(checksum.digest)) {
        throw new MillraceError("checksum_mismatch", "The received bytes do not match their checksum.");
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
    `The upload is at byte ${offset}. Request its offset and continue from there.`,
    {
      extra: { offset },
    },
  );
}

/** Until when the blobs of an upload are pinned: longer than the upload lives. */
export function pinUntil(expiresAt: number): number {
  return expiresAt + MARGIN_MS;
}

/** Splits a request's body into streams of bounded size and time; a dropped connection ends the last one. */
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

  /** Whether there are more bytes. Callers that stop waiting may ask again. */
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
    /** A stream of at most `most` bytes; once it has `least`, it ends when its time is up. */
    take: (most: number, least: number) => Readable.from(bytes(most, least)),
  };
}
