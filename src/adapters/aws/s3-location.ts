import { S3Client } from "@aws-sdk/client-s3";
import { MillraceError } from "../../errors.ts";

/** Where the objects are, according to the URL. */
export interface S3Location {
  bucket: string;
  /** "" or ends with `/`. */
  prefix: string;
  region: string;
  endpoint: string | undefined;
  /** The endpoint for clients, if it differs from the servers'. */
  publicEndpoint: string | undefined;
  /** Puts the bucket in the path instead of the host name. */
  forcePathStyle: boolean;
  /** Sets the lifecycle rules for staging and unfinished uploads when opening. */
  lifecycle: boolean;
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
}

const FORM = "s3://bucket/prefix?region=…&endpoint=…&publicEndpoint=…&forcePathStyle=true&lifecycle=true";

/**
 * Parses `s3://[key:secret@]bucket/prefix?…`. Without credentials in the URL the AWS SDK looks in its usual places:
 * environment, shared files, the machine's role. Rejects with `config_invalid`.
 */
export function parseS3Url(text: string): S3Location {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "s3:" || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname)) {
    throw invalid("it needs a bucket");
  }
  const given = new Map(url.searchParams);
  const take = (name: string) => {
    const value = given.get(name);
    given.delete(name);
    return value;
  };
  const flag = (name: string, standard: boolean) => {
    const value = take(name) ?? String(standard);
    if (value !== "true" && value !== "false") throw invalid(`${name} must be "true" or "false"`);
    return value === "true";
  };
  const address = (name: string) => {
    const value = take(name);
    if (value === undefined || (URL.canParse(value) && /^https?:/.test(value))) return value;
    throw invalid(`${name} must be an http or https address`);
  };
  const endpoint = address("endpoint");
  const location: S3Location = {
    bucket: url.hostname,
    prefix: prefixOf(decodeURIComponent(url.pathname)),
    region: take("region") ?? "us-east-1",
    endpoint,
    publicEndpoint: address("publicEndpoint"),
    // Apart from Amazon's, few stores have a host name per bucket.
    forcePathStyle: flag("forcePathStyle", endpoint !== undefined),
    lifecycle: flag("lifecycle", false),
    credentials: url.username
      ? { accessKeyId: decodeURIComponent(url.username), secretAccessKey: decodeURIComponent(url.password) }
      : undefined,
  };
  const unknown = given.keys().next().value;
  if (unknown !== undefined) throw invalid(`it has an unknown parameter "${unknown}"`);
  return location;
}

/** @param endpoint overrides the location's own: URLs for clients are signed for the host that they call */
export function s3Client(location: S3Location, endpoint = location.endpoint): S3Client {
  return new S3Client({
    region: location.region,
    forcePathStyle: location.forcePathStyle,
    ...(endpoint && {
      endpoint,
      // Older S3-compatible stores reject the checksums that the SDK adds by default.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    }),
    ...(location.credentials && { credentials: location.credentials }),
    requestHandler: { connectionTimeout: 3_000, socketTimeout: 30_000 },
  });
}

function prefixOf(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, "");
  return trimmed === "" ? "" : `${trimmed}/`;
}

function invalid(reason: string): MillraceError {
  return new MillraceError(
    "config_invalid",
    `The URL of the blob store is not valid: ${reason}. Use the form ${FORM}`,
  );
}
