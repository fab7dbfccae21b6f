import type { Readable } from "node:stream";
import type { UploadRecord } from "../../domain/uploads.ts";
import type { DirectUpload } from "../../ports/blobs.ts";
import type { ReceivedFile } from "../received-file.ts";
import type { Checksum } from "./checksum.ts";

/** Resumable uploads. Any process may serve any request of an upload. */
export interface Uploads {
  /** Largest file of the given pipeline, or of any pipeline if it is unknown. */
  mostBytes(pipeline?: string): number;
  /**
   * Records a new upload. Rejects with `file_too_large`, and with `storage_full` if free disk space is below its
   * reserve.
   */
  begin(announced: NewUpload): Promise<UploadRecord>;
  /** Concatenates complete uploads into one. */
  join(announced: NewUpload, ids: readonly string[]): Promise<UploadRecord>;
  /**
   * A URL to which the client sends a file of known hash and size directly, for `seconds`. Rejects with `not_found` if
   * the object store does not support it.
   */
  address(announced: NewUpload & { length: number }, options: DirectOptions): Promise<SendAddress>;
  /** Rejects with `not_found` if it does not exist, has expired, or belongs to another owner. */
  get(owner: string, id: string): Promise<UploadRecord>;
  /**
   * Continues an upload, and assembles its file when it is complete. Bytes that arrive before a connection drops are
   * kept.
   */
  receive(upload: UploadRecord, incoming: Incoming): Promise<UploadRecord>;
  /** The file of a finished upload, for a job. Rejects with `not_found` or `upload_incomplete`. */
  file(owner: string, id: string): Promise<ReceivedFile>;
  /** Removes an upload and releases its bytes. Rejects with `not_found`. */
  remove(owner: string, id: string): Promise<void>;
  /** Removes all uploads of an owner. */
  removeAll(owner: string): Promise<void>;
}

export interface NewUpload {
  owner: string;
  /** The client's name for the file, as sent; it is made safe here. */
  name: string;
  /** `null` while the client does not know. */
  length: number | null;
  /** The pipeline that the file is for, if the client names it: its size limit applies. */
  pipeline?: string;
  /** As the client sent it. @default "" */
  metadata?: string;
  /** As the client sent it. */
  concat?: string;
}

export interface DirectOptions {
  sha256: string;
  seconds: number;
  /** Publish the file when a job takes it. @default false */
  publish?: boolean;
}

export interface SendAddress extends Omit<DirectUpload, "staged"> {
  upload: UploadRecord;
}

export interface Incoming {
  source: Readable;
  /** Where the client believes that the upload ends. */
  offset: number;
  /** Size of the whole file, if the client sends it with these bytes. */
  length?: number;
  /** Bytes that the client announces for this request. */
  announced?: number;
  /** The pipeline that the file is for, if the client names it. */
  pipeline?: string;
  /** Checksum of this request's body: on a mismatch, none of it is kept. */
  checksum: Checksum | null;
}
