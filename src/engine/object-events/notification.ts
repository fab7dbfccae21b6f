import { z } from "zod";
import { MillraceError } from "../../errors.ts";
import type { ObjectPlace } from "../../ports/objects.ts";

const text = z.string().min(1).max(2_048);
const maybe = z.string().max(1_024).nullish();

/** What S3 sends to a queue, and S3-compatible stores to a webhook. */
const records = z.object({
  Records: z
    .array(
      z.object({
        eventName: z.string(),
        s3: z
          .object({
            bucket: z.object({ name: text }),
            object: z.object({ key: text, versionId: maybe, eTag: maybe }),
          })
          .optional(),
      }),
    )
    .max(1_000),
});

/** What EventBridge sends. */
const bridged = z.object({
  "detail-type": z.string(),
  detail: z.object({
    bucket: z.object({ name: text }),
    object: z.object({ key: text, "version-id": maybe, etag: maybe }),
  }),
});

const wrapped = z.object({ Type: z.literal("Notification"), Message: z.string() });
const trial = z.object({ Event: z.literal("s3:TestEvent") });

/**
 * The objects that a notification announces: from S3, directly or through SNS or EventBridge, and from compatible
 * stores. Throws `invalid_request` for anything else.
 */
export function createdObjects(notification: unknown): ObjectPlace[] {
  const through = wrapped.safeParse(notification);
  if (through.success) return createdObjects(parseNotification(through.data.Message));
  if (trial.safeParse(notification).success) return [];
  const bridge = bridged.safeParse(notification);
  if (bridge.success) {
    const { bucket, object } = bridge.data.detail;
    if (bridge.data["detail-type"] !== "Object Created") return [];
    return [placeOf(bucket.name, object.key, object["version-id"], object.etag)];
  }
  const sent = records.safeParse(notification);
  if (!sent.success) {
    throw new MillraceError("invalid_request", "This is not a bucket notification: it has no Records.");
  }
  return sent.data.Records.flatMap(({ eventName, s3 }) => {
    if (!s3 || !/^(s3:)?ObjectCreated:/.test(eventName)) return [];
    const { bucket, object } = s3;
    return [placeOf(bucket.name, unescaped(object.key), object.versionId, object.eTag)];
  });
}

export function parseNotification(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new MillraceError("invalid_request", "This is not a bucket notification: it is not JSON.", {
      cause,
    });
  }
}

/** For an object in a bucket without versions, stores send "null" or nothing as its version. */
function placeOf(bucket: string, key: string, version?: string | null, etag?: string | null): ObjectPlace {
  return {
    bucket,
    key,
    version: version && version !== "null" ? version : null,
    etag: etag ? etag.replaceAll('"', "") : null,
  };
}

/** Keys are form-encoded. */
function unescaped(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return key;
  }
}
