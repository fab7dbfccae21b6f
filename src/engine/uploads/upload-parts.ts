import type { Readable } from "node:stream";
import type { UploadRecords } from "../../database/uploads.ts";
import type { FileStore } from "../../ports/store/files.ts";
import type { Keeping } from "../keep-blob.ts";
import type { ReceivedFile } from "../received-file.ts";

/** What uploads are built on. */
export interface UploadParts extends Keeping {
  store: Keeping["store"] & Pick<FileStore, "unpin">;
  records: UploadRecords;
  /** Streams a file into the blob store and detects its type from its content. */
  receiveFile(source: Readable, options: { name: string; bytes: number }): Promise<ReceivedFile>;
}
