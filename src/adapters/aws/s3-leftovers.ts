import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  type ListPartsCommandOutput,
  PutBucketLifecycleConfigurationCommand,
  paginateListObjectsV2,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { asS3Error } from "./s3-error.ts";

/** The limit of `DeleteObjects`. */
const BATCH = 1_000;

export async function deleteObjects(
  client: S3Client,
  Bucket: string,
  keys: readonly string[],
): Promise<void> {
  for (let at = 0; at < keys.length; at += BATCH) {
    const Objects = keys.slice(at, at + BATCH).map((Key) => ({ Key }));
    const answer = await client
      .send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
      .catch(asS3Error);
    const failed = answer.Errors?.find(({ Code }) => Code !== "NoSuchKey");
    if (failed) asS3Error(Object.assign(new Error(failed.Message), { name: failed.Code ?? "unknown error" }));
  }
}

/** Keys under a prefix that were last written before `olderThan`, in pages. */
export async function* listObjects(
  client: S3Client,
  Bucket: string,
  Prefix: string,
  olderThan: number,
): AsyncGenerator<string[]> {
  const pages = paginateListObjectsV2({ client, pageSize: BATCH }, { Bucket, Prefix });
  try {
    for await (const { Contents = [] } of pages) {
      const keys = Contents.filter(({ LastModified }) => LastModified && LastModified.getTime() < olderThan);
      if (keys.length > 0) yield keys.map(({ Key }) => Key!);
    }
  } catch (error) {
    asS3Error(error);
  }
}

/**
 * Aborts multipart uploads that were begun, and got their last part, before `olderThan`: their writers are dead. One
 * that still receives parts may be days old.
 */
export async function sweepMultipartUploads(
  client: S3Client,
  Bucket: string,
  Prefix: string,
  olderThan: number,
): Promise<void> {
  let KeyMarker: string | undefined;
  let UploadIdMarker: string | undefined;
  let more = false;
  do {
    const page: ListMultipartUploadsCommandOutput | null = await client
      .send(new ListMultipartUploadsCommand({ Bucket, Prefix, KeyMarker, UploadIdMarker }))
      // Not every store can list them, or allows it; their lifecycle rules then clean up.
      .catch(() => null);
    for (const { Key, UploadId, Initiated } of page?.Uploads ?? []) {
      if (!Initiated || Initiated.getTime() >= olderThan) continue;
      if (await gotPartSince(client, { Bucket, Key, UploadId }, olderThan)) continue;
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined);
    }
    KeyMarker = page?.NextKeyMarker;
    UploadIdMarker = page?.NextUploadIdMarker;
    more = page?.IsTruncated === true && Boolean(KeyMarker);
    // Checks both: some stores are truncated without a marker, and some give an empty marker at the end.
  } while (more);
}

/** Also `true` if unknown: the bucket's lifecycle rules end such uploads. */
async function gotPartSince(
  client: S3Client,
  upload: { Bucket: string; Key: string | undefined; UploadId: string | undefined },
  since: number,
): Promise<boolean> {
  let PartNumberMarker: string | undefined;
  do {
    const page: ListPartsCommandOutput | null = await client
      .send(new ListPartsCommand({ ...upload, PartNumberMarker }))
      .catch(() => null);
    if (!page) return true;
    const { Parts = [] } = page;
    if (Parts.some(({ LastModified }) => !LastModified || LastModified.getTime() >= since)) return true;
    // Some stores give a marker at the end, too.
    PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
  } while (PartNumberMarker);
  return false;
}

/**
 * Adds lifecycle rules to those of the bucket: they remove staged objects and unfinished multipart uploads after a day.
 * No rule ever removes blobs, because only the store knows which are live.
 */
export async function setLifecycle(
  client: S3Client,
  Bucket: string,
  prefix: string,
  stagingPrefix: string,
): Promise<void> {
  const rules: LifecycleRule[] = [
    {
      ID: `millrace unfinished uploads ${prefix}`,
      Status: "Enabled",
      Filter: { Prefix: prefix },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    },
    {
      ID: `millrace staging ${prefix}`,
      Status: "Enabled",
      Filter: { Prefix: stagingPrefix },
      Expiration: { Days: 1 },
    },
  ];
  const others = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })).then(
    ({ Rules = [] }) => Rules.filter(({ ID }) => !rules.some((rule) => rule.ID === ID)),
    (error: unknown) => {
      if (error instanceof S3ServiceException && error.name === "NoSuchLifecycleConfiguration") return [];
      throw error;
    },
  );
  const LifecycleConfiguration = { Rules: [...others, ...rules] };
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
}
