import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { GetObjectCommand, HeadBucketCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { create as contentDisposition } from "content-disposition";
import { MillraceError } from "../../errors.ts";
import type { BlobStore } from "../../ports/blobs.ts";
import { adopt, merge, presignPut } from "./s3-direct.ts";
import { asOpeningError, asS3Error, goneError } from "./s3-error.ts";
import { deleteObjects, listObjects, setLifecycle, sweepMultipartUploads } from "./s3-leftovers.ts";
import { parseS3Url, s3Client } from "./s3-location.ts";
import { upload } from "./s3-upload.ts";

const HEALTH_MS = 2_000;
/** Random, so that an object gets its key before its hash is known, and keys are spread over partitions. */
const KEY = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Blobs as objects `<prefix>blobs/<key>` in a bucket of Amazon S3 or a compatible store. The URL is
 * `s3://bucket/prefix?endpoint=…&region=…` (see `parseS3Url`). Rejects with `config_invalid` if the URL, the
 * credentials or the bucket are wrong, and with `unavailable` if nothing answers.
 */
export async function openS3Blobs(url: string): Promise<BlobStore> {
  const location = parseS3Url(url);
  const Bucket = location.bucket;
  const blobPrefix = `${location.prefix}blobs/`;
  const stagingPrefix = `${location.prefix}staging/`;
  const client = s3Client(location);
  // Presigning is done locally: this client never connects.
  const publicClient = s3Client(location, location.publicEndpoint ?? location.endpoint);

  const objectOf = (key: string) => {
    if (!KEY.test(key)) throw goneError();
    return { Bucket, Key: `${blobPrefix}${key}` };
  };
  const stagedOf = (name: string) => ({ Bucket, Key: `${stagingPrefix}${name}` });
  const get = async (key: string, range?: { start: number; end: number }) => {
    const Range = range && `bytes=${range.start}-${range.end}`;
    const answer = await client.send(new GetObjectCommand({ ...objectOf(key), Range })).catch(asS3Error);
    return answer.Body as Readable & { transformToByteArray(): Promise<Uint8Array> };
  };

  try {
    await client.send(new HeadBucketCommand({ Bucket }));
    if (location.lifecycle) await setLifecycle(client, Bucket, location.prefix, stagingPrefix);
  } catch (error) {
    client.destroy();
    asOpeningError(error, location);
  }

  return {
    name: "s3",

    async put(source, options = {}) {
      const key = randomUUID();
      return { key, ...(await upload(client, objectOf(key), source, options)) };
    },

    async open(key, range) {
      // S3 ignores a range that ends before it starts, and would send everything.
      if (range && range.end < range.start) {
        throw new MillraceError("range_not_satisfiable", "The range ends before it starts.");
      }
      return get(key, range);
    },

    async read(key) {
      const body = await get(key);
      return Buffer.from(await body.transformToByteArray().catch(asS3Error));
    },

    localPath: () => null,

    async merge({ key, bytes }, kept) {
      await merge(client, objectOf(key), objectOf(kept), bytes);
    },

    async remove(keys) {
      const objects = keys.filter((key) => KEY.test(key)).map((key) => objectOf(key).Key);
      await deleteObjects(client, Bucket, [...new Set(objects)]);
    },

    async *list(olderThan) {
      await sweepMultipartUploads(client, Bucket, location.prefix, olderThan);
      for await (const staged of listObjects(client, Bucket, stagingPrefix, olderThan)) {
        await deleteObjects(client, Bucket, staged);
      }
      for await (const page of listObjects(client, Bucket, blobPrefix, olderThan)) {
        const keys = page.map((name) => name.slice(blobPrefix.length)).filter((key) => KEY.test(key));
        if (keys.length > 0) yield keys;
      }
    },

    async presign(key, { seconds, name, mediaType }) {
      const command = new GetObjectCommand({
        ...objectOf(key),
        ResponseContentDisposition: contentDisposition(name),
        ResponseContentType: mediaType,
      });
      return getSignedUrl(publicClient, command, { expiresIn: seconds });
    },

    async presignUpload(options) {
      const staged = randomUUID();
      const signed = await presignPut(publicClient, stagedOf(staged), options);
      return { staged, method: "PUT", ...signed };
    },

    async adopt(staged, announced) {
      const key = randomUUID();
      const adopted = KEY.test(staged) && (await adopt(client, stagedOf(staged), objectOf(key), announced));
      return adopted ? { key, sha256: announced.sha256, bytes: announced.bytes } : null;
    },

    async health() {
      const abortSignal = AbortSignal.timeout(HEALTH_MS);
      await client.send(new HeadBucketCommand({ Bucket }), { abortSignal }).catch(asS3Error);
    },

    async close() {
      client.destroy();
      publicClient.destroy();
    },
  };
}
