import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { isComplete, type UploadedFile, type UploadPart, type UploadRecord } from "../../domain/uploads.ts";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../ports/blobs.ts";
import { pinBlob } from "../keep-blob.ts";
import { HEAD_BYTES, mediaTypeOf } from "../media-type.ts";
import type { ReceivedFile } from "../received-file.ts";
import { pinUntil } from "./receive-parts.ts";
import type { UploadParts } from "./upload-parts.ts";

/** The longest time between the object store dropping a staged file and the record naming its blob. */
const ADOPTION_MS = 1_000;
const ADOPTION_LOOK_MS = 50;

/** The file of a finished upload, for a job. Rejects with `not_found` or `upload_incomplete`. */
export async function uploadedFile(uploads: UploadParts, owner: string, id: string): Promise<ReceivedFile> {
  const { records, store } = uploads;
  const get = () => records.get({ owner, id, now: store.now() });
  let upload = await get();
  if (upload?.direct && upload.offset === 0) upload = (await adopt(uploads, upload)) ?? (await recorded(get));
  if (!upload) throw new MillraceError("not_found", `There is no upload ${id.slice(0, 200)}.`);
  if (!isComplete(upload)) {
    const whole = upload.length === null ? "an unknown number of" : upload.length;
    throw new MillraceError(
      "upload_incomplete",
      `Only ${upload.offset} of ${whole} bytes of "${upload.name}" have been received.`,
      { extra: { offset: upload.offset, length: upload.length } },
    );
  }
  // The upload pins its bytes for longer than a request takes.
  return { ...(await finish(uploads, upload)), pin: null };
}

/** Assembles the file of a complete upload, once; an earlier process may have died before doing so. */
export async function finish(uploads: UploadParts, upload: UploadRecord): Promise<UploadedFile> {
  if (upload.file) return upload.file;
  const { records, store } = uploads;
  const file = await assemble(uploads, upload);
  const { blob: key, sha256, bytes } = file;
  if (isJoined(upload)) {
    // The pin it came with expires before the upload.
    await store.pin({ key, sha256, bytes, until: pinUntil(upload.expiresAt) });
    await store.unpin({ keys: [key] });
  }
  await records.finish({ owner: upload.owner, id: upload.id, now: store.now() }, file);
  return file;
}

/** Removes an upload and releases its bytes; a job made from it holds them itself. */
export async function forget({ records, store }: UploadParts, owner: string, id: string): Promise<boolean> {
  const removed = await records.remove({ owner, id });
  if (!removed) return false;
  const keys = removed.parts.map((part) => part.blob);
  if (removed.file && isJoined(removed)) keys.push(removed.file.blob);
  if (keys.length > 0) await store.unpin({ keys });
  return true;
}

/** A file that came in one part is that part; any other has its own blob. */
function isJoined(upload: UploadRecord): boolean {
  return upload.parts.length !== 1;
}

async function assemble(
  { blobs, receiveFile }: UploadParts,
  { name, offset, parts }: UploadRecord,
): Promise<UploadedFile> {
  const [first] = parts;
  if (first && parts.length === 1) {
    const head = await buffer(await blobs.open(first.blob, { start: 0, end: HEAD_BYTES - 1 }));
    const mediaType = (await mediaTypeOf(head)) ?? "application/octet-stream";
    return { name, mediaType, ...first };
  }
  const { pin: _, ...file } = await receiveFile(Readable.from(inOrder(blobs, parts)), {
    name,
    bytes: offset,
  });
  return file;
}

/** Adopts a file that the client sent directly to the object store. */
async function adopt(uploads: UploadParts, upload: UploadRecord): Promise<UploadRecord | null> {
  const { records, store, blobs } = uploads;
  const { owner, id, length, direct, expiresAt } = upload;
  const stored = await blobs.adopt?.(direct!.staged, { sha256: direct!.sha256, bytes: length! });
  if (!stored) return null;
  const part = await pinBlob(uploads, stored, pinUntil(expiresAt));
  const answer = await records.append({ owner, id, now: store.now() }, { offset: 0, parts: [part] });
  if (answer.ok) return answer.upload;
  await store.unpin({ keys: [part.blob] });
  return null;
}

/** Waits for the record, because another call, here or in another process, may be adopting the file. */
async function recorded(get: () => Promise<UploadRecord | null>): Promise<UploadRecord | null> {
  const deadline = performance.now() + ADOPTION_MS;
  for (;;) {
    const upload = await get();
    if (!upload || upload.offset > 0 || performance.now() > deadline) return upload;
    await sleep(ADOPTION_LOOK_MS);
  }
}

async function* inOrder(blobs: BlobStore, parts: readonly UploadPart[]) {
  for (const part of parts) yield* await blobs.open(part.blob);
}
