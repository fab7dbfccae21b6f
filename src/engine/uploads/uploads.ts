import type { Readable } from "node:stream";
import type { UploadRecord } from "../../domain/uploads.ts";
import type { DirectUpload } from "../../ports/blobs.ts";
import type { ReceivedFile } from "../received-file.ts";
import type { Checksum } from "./checksum.ts";

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
  /** Forgets all uploads of an owner. */
  removeAll(owner: string): Promise<void>;
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
