import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { MillraceError } from "../../errors.ts";
import type { DirectUpload, DirectUploadOptions } from "../../ports/blobs.ts";
import { asS3Error } from "./s3-error.ts";

/** The limit of a single `PUT` or copy. */
const MAX_BYTES = 5 * 1024 ** 3;
const SIGNED = ["content-length", "x-amz-checksum-sha256"];

interface ObjectLocation {
  Bucket: string;
  Key: string;
}

/** A URL that accepts exactly the bytes of this hash and size, because both are signed. */
export async function presignPut(
  client: S3Client,
  location: ObjectLocation,
  { sha256, bytes, seconds }: DirectUploadOptions,
): Promise<Pick<DirectUpload, "url" | "headers">> {
  if (bytes > MAX_BYTES) {
    throw new MillraceError("file_too_large", `A direct upload is limited to ${MAX_BYTES} bytes.`, {
      extra: { limit: MAX_BYTES },
    });
  }
  const ChecksumSHA256 = Buffer.from(sha256, "hex").toString("base64");
  const command = new PutObjectCommand({ ...location, ContentLength: bytes, ChecksumSHA256 });
  const url = await getSignedUrl(client, command, {
    expiresIn: seconds,
    unhoistableHeaders: new Set(SIGNED),
    signableHeaders: new Set(["host", ...SIGNED]),
  });
  // Browsers set the length themselves.
  return { url, headers: { "x-amz-checksum-sha256": ChecksumSHA256 } };
}

/**
 * Adopts a directly uploaded object: copies it inside the store and checks the copy, which its sender can no longer
 * change. `false` if it has not arrived, or is not what was announced.
 */
export async function adopt(
  client: S3Client,
  staged: ObjectLocation,
  target: ObjectLocation,
  { sha256, bytes }: Pick<DirectUploadOptions, "sha256" | "bytes">,
): Promise<boolean> {
  const found = await client.send(new HeadObjectCommand(staged)).catch((error: unknown) => {
    if (error instanceof NotFound) return null;
    asS3Error(error);
  });
  if (found?.ContentLength !== bytes) return false;
  // A concurrent caller may have adopted it first.
  if (!(await copied(client, staged, target))) return false;
  if ((await hashOf(client, target)) !== sha256) {
    await client.send(new DeleteObjectCommand(target)).catch(() => undefined);
    return false;
  }
  await client.send(new DeleteObjectCommand(staged)).catch(() => undefined);
  return true;
}

/** Removes `copy`. If `kept` is missing or has the wrong size, `copy` replaces it first. */
export async function merge(
  client: S3Client,
  copy: ObjectLocation,
  kept: ObjectLocation,
  bytes: number,
): Promise<void> {
  const found = await client.send(new HeadObjectCommand(kept)).catch((error: unknown) => {
    if (error instanceof NotFound) return null;
    asS3Error(error);
  });
  if (found?.ContentLength !== bytes) await copyObject(client, copy, kept);
  await client.send(new DeleteObjectCommand(copy)).catch(asS3Error);
}

/** `false` if there is nothing to copy. */
async function copied(client: S3Client, from: ObjectLocation, to: ObjectLocation): Promise<boolean> {
  try {
    await copyObject(client, from, to);
    return true;
  } catch (error) {
    if (error instanceof MillraceError && error.code === "gone") return false;
    throw error;
  }
}

async function copyObject(client: S3Client, from: ObjectLocation, to: ObjectLocation): Promise<void> {
  const CopySource = `${from.Bucket}/${from.Key.split("/").map(encodeURIComponent).join("/")}`;
  await client.send(new CopyObjectCommand({ ...to, CopySource })).catch(asS3Error);
}

/** The hash that the store verified on upload, or of the content itself if the store keeps no such hash. */
async function hashOf(client: S3Client, location: ObjectLocation): Promise<string> {
  const { ChecksumSHA256 } = await client
    .send(new HeadObjectCommand({ ...location, ChecksumMode: "ENABLED" }))
    .catch(asS3Error);
  if (ChecksumSHA256) return Buffer.from(ChecksumSHA256, "base64").toString("hex");
  const { Body } = await client.send(new GetObjectCommand(location)).catch(asS3Error);
  const hash = createHash("sha256");
  for await (const chunk of Body as Readable) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
