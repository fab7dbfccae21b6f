import type { ObjectPlace } from "../../ports/objects.ts";

/** The URL of an item made from an object: `s3://bucket/key?versionId=…`. */
export function objectUrl({ bucket, key, version, etag }: ObjectPlace): string {
  const path = key.split("/").map(encodeURIComponent).join("/");
  const query = new URLSearchParams();
  if (version !== null) query.set("versionId", version);
  if (etag !== null) query.set("etag", etag);
  return `s3://${bucket}/${path}${query.size > 0 ? `?${query}` : ""}`;
}

/** The inverse; `null` for any other URL. */
export function parseObjectUrl(url: string): ObjectPlace | null {
  const [, bucket, path, query] = /^s3:\/\/([^/?]+)\/([^?]*)(?:\?(.*))?$/.exec(url) ?? [];
  if (bucket === undefined) return null;
  const given = new URLSearchParams(query ?? "");
  const key = path!.split("/").map(decodeURIComponent).join("/");
  return { bucket, key, version: given.get("versionId"), etag: given.get("etag") };
}
