import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { Engine, ReceivedFile } from "../../engine/engine.ts";
import { HEAD_BYTES, mediaTypeOf } from "../../engine/media-type.ts";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../ports/blobs.ts";
import type { UploadPart, UploadRecord } from "../../ports/store/uploads.ts";
import { pinPart, pinUntil } from "./receive-parts.ts";

/** The file of a finished upload, for a job. Rejects with `not_found` or `upload_incomplete`. */
export async function uploadedFile(engine: Engine, owner: string, id: string): Promise<ReceivedFile> {
  const get = () => engine.store.uploads.get({ owner, id, now: engine.store.now() });
  let upload = await get();
  // Another process may have adopted it at the same moment: the record tells.
  if (upload?.direct && upload.offset === 0) upload = (await adopt(engine, upload)) ?? (await get());
  if (!upload) throw new MillraceError("not_found", `There is no upload ${id.slice(0, 200)}.`);
  if (!isComplete(upload)) {
    const whole = upload.length === null ? "an unknown number of" : upload.length;
    throw new MillraceError(
      "upload_incomplete",
      `Only ${upload.offset} of ${whole} bytes of "${upload.name}" have come.`,
      { extra: { offset: upload.offset, length: upload.length } },
    );
  }
  return finish(engine, upload);
}

export function isComplete({ offset, length }: UploadRecord): boolean {
  return offset === length;
}

/** Makes a file of a complete upload, once; a process may have died before it came to that. */
export async function finish(engine: Engine, upload: UploadRecord): Promise<ReceivedFile> {
  if (upload.file) return upload.file;
  const file = await assemble(engine, upload);
  const { blob: key, sha256, bytes } = file;
  if (isJoined(upload)) {
    // The pin that it came with ends sooner than the upload.
    await engine.store.pin({ key, sha256, bytes, until: pinUntil(upload.expiresAt) });
    await engine.discard([file]);
  }
  await engine.store.uploads.finish({ id: upload.id, file });
  return file;
}

/** Forgets an upload and lets go of its bytes; a job that was made of it keeps its own hold of them. */
export async function forget(engine: Engine, owner: string, id: string): Promise<boolean> {
  const { removed } = await engine.store.uploads.remove({ owner, id });
  if (!removed) return false;
  const keys = removed.parts.map((part) => part.blob);
  if (removed.file && isJoined(removed)) keys.push(removed.file.blob);
  if (keys.length > 0) await engine.store.unpin({ keys });
  return true;
}

/** A file that came in one part is that part; otherwise it has a blob of its own. */
function isJoined(upload: UploadRecord): boolean {
  return upload.parts.length !== 1;
}

async function assemble(engine: Engine, { name, offset, parts }: UploadRecord): Promise<ReceivedFile> {
  const [first] = parts;
  if (first && parts.length === 1) {
    const head = await buffer(await engine.blobs.open(first.blob, { start: 0, end: HEAD_BYTES - 1 }));
    const mediaType = (await mediaTypeOf(head)) ?? "application/octet-stream";
    return { name, mediaType, ...first };
  }
  const whole = Readable.from(inOrder(engine.blobs, parts));
  return engine.receive(whole, { name, mediaTypes: ["*"], maxBytes: offset });
}

/** Takes over what the client has sent to the object store itself. */
async function adopt(engine: Engine, upload: UploadRecord): Promise<UploadRecord | null> {
  const { owner, id, length, direct, expiresAt } = upload;
  const stored = await engine.blobs.adopt?.(direct!.staged, { sha256: direct!.sha256, bytes: length! });
  if (!stored) return null;
  const parts = [await pinPart(engine, stored, expiresAt)];
  const answer = await engine.store.uploads.append({ owner, id, offset: 0, parts, now: engine.store.now() });
  return answer.ok ? answer.upload : null;
}

async function* inOrder(blobs: BlobStore, parts: readonly UploadPart[]) {
  for (const part of parts) yield* await blobs.open(part.blob);
}
