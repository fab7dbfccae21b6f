import type { Readable } from "node:stream";
import type { UploadRecords } from "../../database/uploads.ts";
import { safeName } from "../../domain/file-name.ts";
import { newId } from "../../domain/ids.ts";
import { isComplete, type UploadRecord } from "../../domain/uploads.ts";
import { MillraceError } from "../../errors.ts";
import type { DirectUpload } from "../../ports/blobs.ts";
import type { FileStore } from "../../ports/store/files.ts";
import type { Pipelines, ReceivedFile } from "../engine.ts";
import type { Keeping } from "../keep-blob.ts";
import { joinUploads } from "./join-uploads.ts";
import { type Checksum, MAX_PARTS, moved, receiveParts } from "./receive-parts.ts";
import { finish, forget, uploadedFile } from "./uploaded-file.ts";

/** From its creation: an upload that is not finished and used by then is forgotten, with its bytes. */
const EXPIRY_MS = 24 * 3_600_000;

/** Resumable uploads. Any process may serve any request of an upload. */
export interface Uploads {
  /** Bytes that a file may have: for a pipeline, where it is known, or for the one that takes the largest. */
  mostBytes(pipeline?: string): number;
  /** Records a new upload. Rejects with `file_too_large`, and `storage_full` when the disk has less than its reserve. */
  begin(announced: NewUpload): Promise<UploadRecord>;
  /** Makes one upload of several that are complete. */
  join(announced: NewUpload, ids: readonly string[]): Promise<UploadRecord>;
  /**
   * An address to which the client sends a file of known hash and size directly, for `seconds`. Rejects with
   * `not_found` where there is none.
   */
  address(announced: NewUpload & { length: number }, options: DirectOptions): Promise<SendAddress>;
  /** Rejects with `not_found` when it is missing, another owner's, or has expired. */
  get(owner: string, id: string): Promise<UploadRecord>;
  /** Goes on with an upload, and makes its file when it is complete. What came before a connection was cut counts. */
  receive(upload: UploadRecord, incoming: Incoming): Promise<UploadRecord>;
  /** The file of a finished upload, for a job. Rejects with `not_found` or `upload_incomplete`. */
  file(owner: string, id: string): Promise<ReceivedFile>;
  /** Forgets an upload and lets go of its bytes. Rejects with `not_found`. */
  remove(owner: string, id: string): Promise<void>;
}

export interface NewUpload {
  owner: string;
  /** The client's name for the file, as sent; made safe. */
  name: string;
  /** `null` while the client does not know. */
  length: number | null;
  /** That the file is for, where the client says so: its limit holds. */
  pipeline?: string;
  /** As the client sent it. @default "" */
  metadata?: string;
  /** As the client sent it. */
  concat?: string;
}

export interface DirectOptions {
  sha256: string;
  seconds: number;
}

export interface SendAddress extends Omit<DirectUpload, "staged"> {
  upload: UploadRecord;
}

export interface Incoming {
  source: Readable;
  /** Where the client believes that the upload ends. */
  offset: number;
  /** Of the whole file, where the client says it with these bytes. */
  length?: number;
  /** Bytes that the client says will come. */
  announced?: number;
  /** That the file is for, where the client says so. */
  pipeline?: string;
  /** Of all that comes now: nothing of it counts when it differs. */
  checksum: Checksum | null;
}

/** What uploads stand on. */
export interface UploadParts extends Keeping {
  store: Keeping["store"] & Pick<FileStore, "unpin">;
  records: UploadRecords;
  pipelines: Pipelines;
  /** Rejects while the disk has less than its reserve. */
  room(): Promise<void>;
  /** Streams a file into the blob store and knows its kind by its content. */
  receiveFile(source: Readable, options: { name: string; bytes: number }): Promise<ReceivedFile>;
}

export function createUploads(parts: UploadParts): Uploads {
  const { records, store, blobs, pipelines, room } = parts;

  const mostBytes = (pipeline?: string): number => {
    const { accepts } = (pipeline !== undefined && pipelines.get(pipeline)) || {};
    return accepts?.maxFileBytes ?? Math.max(0, ...pipelines.list().map((one) => one.accepts.maxFileBytes));
  };

  const refuseLarge = (bytes: number | null, pipeline: string | undefined): void => {
    const limit = mostBytes(pipeline);
    if (bytes === null || bytes <= limit) return;
    throw new MillraceError("file_too_large", `The file has ${bytes} bytes; at most ${limit} are accepted.`, {
      extra: { limit },
    });
  };

  const fresh = ({ owner, name, length, metadata = "", concat }: NewUpload): UploadRecord => {
    const now = store.now();
    return {
      id: newId(now),
      owner,
      name: safeName(name),
      length,
      offset: 0,
      metadata,
      parts: [],
      file: null,
      direct: null,
      ...(concat === undefined ? {} : { concat }),
      expiresAt: now + EXPIRY_MS,
    };
  };

  /** Of the whole file, which the client may know only now; once it is known, it stays. */
  const lengthOf = (upload: UploadRecord, { length, pipeline }: Incoming): number | null => {
    if (length === undefined) return upload.length;
    if (length !== (upload.length ?? length) || length < upload.offset) {
      const known =
        upload.length === null ? `${upload.offset} bytes have come` : `${upload.length} were announced`;
      throw new MillraceError("invalid_request", `The file cannot have ${length} bytes: ${known}.`);
    }
    refuseLarge(length, pipeline);
    return length;
  };

  return {
    mostBytes,

    async begin(announced) {
      refuseLarge(announced.length, announced.pipeline);
      await room();
      const upload = fresh(announced);
      await records.create(upload, store.now());
      return isComplete(upload) ? { ...upload, file: await finish(parts, upload) } : upload;
    },

    join: (announced, ids) =>
      joinUploads(parts, fresh(announced), ids, (bytes) => refuseLarge(bytes, announced.pipeline)),

    async address(announced, { sha256, seconds }) {
      const { length: bytes, pipeline } = announced;
      refuseLarge(bytes, pipeline);
      const direct = await blobs.presignUpload?.({ sha256, bytes, seconds });
      if (!direct) {
        throw new MillraceError("not_found", "Files are not sent directly here: send them to /v1/uploads.");
      }
      const { staged, ...address } = direct;
      const upload = { ...fresh(announced), direct: { staged, sha256 } };
      await records.create(upload, store.now());
      return { ...address, upload };
    },

    async get(owner, id) {
      const upload = await records.get({ owner, id, now: store.now() });
      if (upload) return upload;
      throw new MillraceError("not_found", "There is no such upload.");
    },

    async receive(upload, incoming) {
      const { offset, announced = 0, source, pipeline, checksum } = incoming;
      if (upload.concat?.startsWith("final")) {
        throw new MillraceError("forbidden", "This upload was made of others: nothing can be added to it.");
      }
      if (offset !== upload.offset) throw moved(upload.offset);
      const length = lengthOf(upload, incoming);
      if (length !== null && announced > length - offset) {
        throw new MillraceError("request_too_large", `More comes than the ${length} bytes of the file.`);
      }
      refusePieces(upload);
      await room();
      const grown = await receiveParts(parts, upload, {
        source,
        length,
        most: mostBytes(pipeline),
        checksum,
      });
      if (isComplete(grown)) await finish(parts, grown);
      return grown;
    },

    file: (owner, id) => uploadedFile(parts, owner, id),

    async remove(owner, id) {
      if (await forget(parts, owner, id)) return;
      throw new MillraceError("not_found", "There is no such upload.");
    },
  };
}

/** Each piece is a file and an entry of the record, so that they cannot be without number. */
function refusePieces({ parts }: UploadRecord): void {
  if (parts.length < MAX_PARTS) return;
  throw new MillraceError(
    "request_too_large",
    `The upload has come in ${parts.length} pieces; at most ${MAX_PARTS} are kept. Begin again with larger ones.`,
    { extra: { limit: MAX_PARTS } },
  );
}
