import { safeName } from "../../domain/file-name.ts";
import { newId } from "../../domain/ids.ts";
import { isComplete, type UploadRecord } from "../../domain/uploads.ts";
import { MillraceError } from "../../errors.ts";
import { countComing } from "../count-coming.ts";
import type { Pipelines } from "../engine.ts";
import type { Publications } from "../publications.ts";
import type { QuotaGuard } from "../quotas.ts";
import type { ReceivedFile } from "../received-file.ts";
import { joinUploads } from "./join-uploads.ts";
import { MAX_PARTS, moved, receiveParts } from "./receive-parts.ts";
import type { UploadParts } from "./upload-parts.ts";
import { uploadSizes } from "./upload-sizes.ts";
import { finish, forget, uploadedFile } from "./uploaded-file.ts";
import type { NewUpload, Uploads } from "./uploads.ts";

/** Lifetime of an upload: if it is not finished and used by then, it is removed with its bytes. */
const EXPIRY_MS = 24 * 3_600_000;
const PAGE = 100;

export interface UploadsOptions extends UploadParts {
  pipelines: Pipelines;
  quotas: QuotaGuard | null;
  publications: Pick<Publications, "addressOf" | "addressOfNamed" | "publish" | "end">;
  /** Rejects while free disk space is below its reserve. */
  room(): Promise<void>;
}

export function createUploads(options: UploadsOptions): Uploads {
  const { pipelines, room, quotas, publications, ...parts } = options;
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

    async address(announced, { sha256, seconds, publish = false }) {
      const { length: bytes, pipeline, name } = announced;
      refuseLarge(bytes, pipeline);
      const publicUrl = publish ? publications.addressOfNamed({ sha256, name }) : undefined;
      await quotas?.room(announced.owner, bytes);
      const direct = await blobs.presignUpload?.({ sha256, bytes, seconds });
      if (!direct) {
        throw new MillraceError(
          "not_found",
          "This server has no object store for direct uploads. Send files to /v1/uploads.",
        );
      }
      const { staged, ...address } = direct;
      const upload = { ...fresh(announced), direct: { staged, sha256 }, ...(publicUrl && { publicUrl }) };
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
        throw new MillraceError(
          "forbidden",
          "This upload was joined from others, so nothing can be added to it.",
        );
      }
      if (offset !== upload.offset) throw moved(upload.offset);
      const length = lengthOf(upload, incoming.length);
      if (incoming.length !== undefined) refuseLarge(length, pipeline);
      if (length !== null && announced > length - offset) {
        throw new MillraceError(
          "request_too_large",
          `The request sends more than the ${length} bytes of the file.`,
        );
      }
      refusePieces(upload);
      await quotas?.room(upload.owner);
      await room();
      const most = mostBytes(pipeline);
      const coming = await quotas?.coming(upload.owner);
      try {
        coming?.take(announced);
        // If the request announces no size, it is cut off once there is no more room, as if the connection had dropped.
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

    async file(owner, id) {
      const file = await uploadedFile(parts, owner, id);
      const { publicUrl } = (await records.get({ owner, id, now: store.now() })) ?? {};
      if (publicUrl !== undefined) await publishUpload(publications, { owner, id, file, publicUrl });
      return file;
    },

    async remove(owner, id) {
      await publications.end(owner, id);
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

/** Publishes a file if its content turns out to be what its name promised. */
async function publishUpload(
  publications: UploadsOptions["publications"],
  upload: { owner: string; id: string; file: ReceivedFile; publicUrl: string },
): Promise<void> {
  const { owner, id, file, publicUrl } = upload;
  if (publications.addressOf(file) !== publicUrl) {
    const text = `The file is ${file.mediaType}, so it cannot be published as ${publicUrl}.`;
    throw new MillraceError("unsupported_media", text);
  }
  await publications.publish({ ...file, artifactId: id }, { id, owner });
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

/** Size of the whole file. The client may learn it only now; once known, it is fixed. */
function lengthOf(upload: UploadRecord, length: number | undefined): number | null {
  if (length === undefined) return upload.length;
  if (length === (upload.length ?? length) && length >= upload.offset) return length;
  const known =
    upload.length === null
      ? `${upload.offset} bytes have been received`
      : `its length is fixed at ${upload.length} bytes`;
  throw new MillraceError("invalid_request", `The file cannot have ${length} bytes: ${known}.`);
}

/** Each piece is a blob and an entry in the record, so their number is limited. */
function refusePieces({ parts }: UploadRecord): void {
  if (parts.length < MAX_PARTS) return;
  throw new MillraceError(
    "request_too_large",
    `The upload has ${parts.length} pieces. The limit is ${MAX_PARTS}. Start again with larger pieces.`,
    { extra: { limit: MAX_PARTS } },
  );
}
