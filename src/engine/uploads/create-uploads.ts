import { safeName } from "../../domain/file-name.ts";
import { newId } from "../../domain/ids.ts";
import { isComplete, type UploadRecord } from "../../domain/uploads.ts";
import { MillraceError } from "../../errors.ts";
import { countComing } from "../count-coming.ts";
import type { Pipelines } from "../engine.ts";
import type { QuotaGuard } from "../quotas.ts";
import { joinUploads } from "./join-uploads.ts";
import { MAX_PARTS, moved, receiveParts } from "./receive-parts.ts";
import type { UploadParts } from "./upload-parts.ts";
import { uploadSizes } from "./upload-sizes.ts";
import { finish, forget, uploadedFile } from "./uploaded-file.ts";
import type { NewUpload, Uploads } from "./uploads.ts";

/** From its creation: an upload that is not finished and used by then is forgotten, with its bytes. */
const EXPIRY_MS = 24 * 3_600_000;
const PAGE = 100;

export interface UploadsOptions extends UploadParts {
  pipelines: Pipelines;
  quotas: QuotaGuard | null;
  /** Rejects while the disk has less than its reserve. */
  room(): Promise<void>;
}

export function createUploads(options: UploadsOptions): Uploads {
  const { pipelines, room, quotas, ...parts } = options;
  const { records, store, blobs } = parts;

  const { mostBytes, refuseLarge } = uploadSizes(pipelines);
  const fresh = (announced: NewUpload) => newUpload(announced, store.now());

  return {
    mostBytes,

    async begin(announced) {
      refuseLarge(announced.length, announced.pipeline);
      await quotas?.room(announced.owner, announced.length ?? 0);
      await room();
      const upload = fresh(announced);
      await records.create(upload, store.now());
      return isComplete(upload) ? { ...upload, file: await finish(parts, upload) } : upload;
    },

    async join(announced, ids) {
      const { owner, pipeline } = announced;
      const joined = await joinUploads(parts, fresh(announced), ids, async (bytes) => {
        refuseLarge(bytes, pipeline);
        await quotas?.room(owner, bytes);
        await room();
      });
      quotas?.received(owner, joined.offset);
      return joined;
    },

    async address(announced, { sha256, seconds }) {
      const { length: bytes, pipeline } = announced;
      refuseLarge(bytes, pipeline);
      await quotas?.room(announced.owner, bytes);
      const direct = await blobs.presignUpload?.({ sha256, bytes, seconds });
      if (!direct) {
        throw new MillraceError("not_found", "Files are not sent directly here: send them to /v1/uploads.");
      }
      const { staged, ...address } = direct;
      const upload = { ...fresh(announced), direct: { staged, sha256 } };
      await records.create(upload, store.now());
      quotas?.received(announced.owner, bytes);
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
      const length = lengthOf(upload, incoming.length);
      if (incoming.length !== undefined) refuseLarge(length, pipeline);
      if (length !== null && announced > length - offset) {
        throw new MillraceError("request_too_large", `More comes than the ${length} bytes of the file.`);
      }
      refusePieces(upload);
      await quotas?.room(upload.owner);
      await room();
      const most = mostBytes(pipeline);
      const coming = await quotas?.coming(upload.owner);
      try {
        coming?.take(announced);
        // Where nobody says how much comes, it ends where there is no more room, as a connection that is cut.
        const bytes = coming && announced === 0 ? countComing(coming, source) : source;
        const grown = await receiveParts(parts, upload, {
          ...{ source: bytes, length, most, checksum },
          onRecorded: coming?.recorded,
        });
        if (isComplete(grown)) await finish(parts, grown);
        return grown;
      } finally {
        coming?.end();
      }
    },

    file: (owner, id) => uploadedFile(parts, owner, id),

    async remove(owner, id) {
      if (await forget(parts, owner, id)) return;
      throw new MillraceError("not_found", "There is no such upload.");
    },

    async removeAll(owner) {
      for (;;) {
        const ids = await records.ofOwner(owner, PAGE);
        if (ids.length === 0) return;
        for (const id of ids) await forget(parts, owner, id);
      }
    },
  };
}

function newUpload({ owner, name, length, metadata = "", concat }: NewUpload, now: number): UploadRecord {
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
}

/** Of the whole file, which the client may know only now; once it is known, it stays. */
function lengthOf(upload: UploadRecord, length: number | undefined): number | null {
  if (length === undefined) return upload.length;
  if (length === (upload.length ?? length) && length >= upload.offset) return length;
  const known =
    upload.length === null ? `${upload.offset} bytes have come` : `${upload.length} were announced`;
  throw new MillraceError("invalid_request", `The file cannot have ${length} bytes: ${known}.`);
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
