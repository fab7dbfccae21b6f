import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { abortError, checkSize } from "../../domain/incoming.ts";
import { MillraceError } from "../../errors.ts";
import type { PutOptions } from "../../ports/blobs.ts";
import { asS3Error } from "./s3-error.ts";

/** Some stores require parts of equal size; 10,000 of these make 78 GiB. */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts in flight, in addition to the one being gathered. */
const PARALLEL_PARTS = 2;

interface Target {
  Bucket: string;
  Key: string;
}

/**
 * Uploads a source and hashes it on the way: in one request if it is small, otherwise as a multipart upload. Does not
 * use `@aws-sdk/lib-storage`, whose abort does not wait for its requests, so that it leaves parts behind.
 */
export async function upload(
  client: S3Client,
  target: Target,
  source: Readable | Buffer,
  { maxBytes, signal }: PutOptions,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  const stop = new AbortController();
  const parts = partsUploader(client, target, stop.signal);
  let bytes = 0;
  const abort = () => {
    stop.abort();
    if (!Buffer.isBuffer(source)) source.destroy(abortError(signal));
  };
  signal?.addEventListener("abort", abort, { once: true });
  try {
    signal?.throwIfAborted();
    if (Buffer.isBuffer(source)) checkSize(source.length, maxBytes);
    for await (const piece of Buffer.isBuffer(source)
      ? [source]
      : (source as AsyncIterable<Buffer | string>)) {
      const chunk = typeof piece === "string" ? Buffer.from(piece) : piece;
      bytes += chunk.length;
      checkSize(bytes, maxBytes);
      hash.update(chunk);
      await parts.add(chunk);
    }
    await parts.complete();
    signal?.throwIfAborted();
    return { sha256: hash.digest("hex"), bytes };
  } catch (error) {
    stop.abort();
    if (!Buffer.isBuffer(source) && !source.destroyed) source.destroy();
    await parts.discard();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

interface PartsUploader {
  add(chunk: Buffer): Promise<void>;
  complete(): Promise<void>;
  /** Removes whatever was uploaded, once no request is in flight any more. */
  discard(): Promise<void>;
}

function partsUploader(client: S3Client, target: Target, abortSignal: AbortSignal): PartsUploader {
  let gathered: Buffer[] = [];
  let gatheredBytes = 0;
  let uploadId: string | undefined;
  let touched = false;
  let failure: { cause: unknown } | undefined;
  const parts: Promise<{ PartNumber: number; ETag: string | undefined }>[] = [];
  const underWay = new Set<Promise<void>>();

  const takeGathered = (): Buffer => {
    const body = gathered.length === 1 ? gathered[0]! : Buffer.concat(gathered, gatheredBytes);
    gathered = [];
    gatheredBytes = 0;
    return body;
  };

  const uploadPart = async (PartNumber: number, Body: Buffer) => {
    const command = new UploadPartCommand({ ...target, UploadId: uploadId, PartNumber, Body });
    const { ETag } = await client.send(command, { abortSignal }).catch(asS3Error);
    return { PartNumber, ETag };
  };

  const sendPart = async () => {
    touched = true;
    if (uploadId === undefined) {
      // Not abortable: an upload whose id is unknown could not be removed.
      uploadId = (await client.send(new CreateMultipartUploadCommand(target)).catch(asS3Error)).UploadId;
    }
    if (abortSignal.aborted) throw new MillraceError("closed", "The upload was stopped.");
    const part = uploadPart(parts.length + 1, takeGathered());
    parts.push(part);
    const settled: Promise<void> = part.then(
      () => void underWay.delete(settled),
      (cause: unknown) => {
        failure ??= { cause };
        underWay.delete(settled);
      },
    );
    underWay.add(settled);
    if (underWay.size >= PARALLEL_PARTS) await Promise.race(underWay);
    if (failure) throw failure.cause;
  };

  return {
    async add(chunk) {
      for (let rest = chunk; rest.length > 0; ) {
        const piece = rest.subarray(0, PART_BYTES - gatheredBytes);
        gathered.push(piece);
        gatheredBytes += piece.length;
        rest = rest.subarray(piece.length);
        if (gatheredBytes === PART_BYTES) await sendPart();
      }
    },

    async complete() {
      if (uploadId === undefined) {
        touched = true;
        await client
          .send(new PutObjectCommand({ ...target, Body: takeGathered() }), { abortSignal })
          .catch(asS3Error);
        return;
      }
      if (gatheredBytes > 0) await sendPart();
      const command = new CompleteMultipartUploadCommand({
        ...target,
        UploadId: uploadId,
        MultipartUpload: { Parts: await Promise.all(parts) },
      });
      await client.send(command, { abortSignal }).catch(asS3Error);
    },

    async discard() {
      await Promise.allSettled(parts);
      if (!touched) return;
      // A part that arrives during the abort would stay and cost money; `list` sweeps whatever fails here.
      if (uploadId !== undefined) {
        await client
          .send(new AbortMultipartUploadCommand({ ...target, UploadId: uploadId }))
          .catch(() => undefined);
      }
      // The object may exist although its request failed, because only the answer was lost.
      await client.send(new DeleteObjectCommand(target)).catch(() => undefined);
    },
  };
}
