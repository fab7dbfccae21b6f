import { createHash } from "node:crypto";
import { SQSClient } from "@aws-sdk/client-sqs";
import { MillraceError } from "../../errors.ts";

/** Where the queues are, according to the URL. */
export interface SqsLocation {
  region: string;
  /** The account that owns the queues, if it is not the caller's own. */
  account: string | undefined;
  /** A server other than Amazon's. */
  endpoint: string | undefined;
  /** Prefix of every queue name. */
  prefix: string;
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
}

const FORM = "sqs://region[/account]?prefix=… or sqs://host:port/?region=…&prefix=…&tls=true";

/**
 * Parses `sqs://[key:secret@]…`. Without credentials in the URL the AWS SDK looks in its usual places: environment,
 * shared files, the machine's role. Throws `config_invalid`.
 */
export function parseSqsUrl(text: string): SqsLocation {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "sqs:" || url.hostname === "") throw invalid("it needs a region or a host");
  const unknown = [...url.searchParams.keys()].find((name) => !["region", "prefix", "tls"].includes(name));
  if (unknown !== undefined) throw invalid(`it has an unknown parameter "${unknown}"`);
  const isRegion = url.port === "" && /^[a-z]{2}(-[a-z]+)+-\d$/.test(url.hostname);
  const account = /^\/(\d{12})\/?$/.exec(url.pathname)?.[1];
  if (!account && url.pathname.replace("/", "") !== "")
    throw invalid("its path must be a 12-digit account id");
  const prefix = url.searchParams.get("prefix") ?? "millrace";
  if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,39}$/.test(prefix)) {
    throw invalid("the prefix must be 1 to 40 letters, digits and dashes");
  }
  const scheme = url.searchParams.get("tls") === "true" ? "https" : "http";
  return {
    region: isRegion ? url.hostname : (url.searchParams.get("region") ?? "us-east-1"),
    account,
    endpoint: isRegion ? undefined : `${scheme}://${url.host}`,
    prefix,
    credentials: url.username
      ? { accessKeyId: decodeURIComponent(url.username), secretAccessKey: decodeURIComponent(url.password) }
      : undefined,
  };
}

/** @param waitMs how long an answer may take in addition to the network's own time */
export function sqsClient(location: SqsLocation, waitMs = 0): SQSClient {
  return new SQSClient({
    region: location.region,
    ...(location.endpoint && { endpoint: location.endpoint, useQueueUrlAsEndpoint: false }),
    ...(location.credentials && { credentials: location.credentials }),
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: 2_000,
      socketTimeout: 4_000 + waitMs,
      requestTimeout: 4_000 + waitMs,
    },
  });
}

/**
 * The SQS name of a queue. It may have at most 80 letters, digits, `-` and `_`, and the dead-letter queue's name is
 * five longer. So `.` becomes `_` and `/` becomes `--`; a name that is too long, or could collide with another, gets a
 * hash: `image.convert/convert` is `millrace-image_convert--convert`.
 */
export function queueNameOf(prefix: string, queue: string): string {
  const readable = queue
    .replaceAll("/", "--")
    .replaceAll(".", "_")
    .replaceAll(/[^A-Za-z0-9_-]/g, "-");
  const plain =
    /^[A-Za-z0-9](.*[A-Za-z0-9])?$/.test(queue) && !/_|--|-\/|\/-|\/\/|-dead$|-x[0-9a-f]{16}$/.test(queue);
  const room = 75 - prefix.length - 1;
  if (plain && readable.length <= room) return `${prefix}-${readable}`;
  const hash = createHash("sha256").update(queue).digest("hex").slice(0, 16);
  return `${prefix}-${readable.slice(0, room - 18)}-x${hash}`;
}

function invalid(reason: string): MillraceError {
  return new MillraceError("config_invalid", `The URL of SQS is not valid: ${reason}. Use the form ${FORM}`);
}
