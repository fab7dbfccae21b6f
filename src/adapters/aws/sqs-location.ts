import { createHash } from "node:crypto";
import { SQSClient } from "@aws-sdk/client-sqs";
import { MillraceError } from "../../errors.ts";

/** Where the queues are, as the URL says. */
export interface SqsLocation {
  region: string;
  /** The account that owns the queues, where it is not the caller's own. */
  account: string | undefined;
  /** A server other than Amazon's. */
  endpoint: string | undefined;
  /** Begins the name of every queue. */
  prefix: string;
  credentials: { accessKeyId: string; secretAccessKey: string } | undefined;
}

const FORM = "sqs://region[/account]?prefix=… or sqs://host:port/?region=…&prefix=…&tls=true";

/**
 * Reads `sqs://[key:secret@]…`. Without credentials in the URL the AWS SDK looks for them where it always
 * does: environment, shared files, the machine's role. Throws `config_invalid`.
 */
export function parseSqsUrl(text: string): SqsLocation {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== "sqs:" || url.hostname === "") throw invalid("it needs a region or a host");
  const unknown = [...url.searchParams.keys()].find((name) => !["region", "prefix", "tls"].includes(name));
  if (unknown !== undefined) throw invalid(`it has an unknown parameter "${unknown}"`);
  const isRegion = url.port === "" && /^[a-z]{2}(-[a-z]+)+-\d$/.test(url.hostname);
  const account = /^\/(\d{12})\/?$/.exec(url.pathname)?.[1];
  if (!account && url.pathname.replace("/", "") !== "")
    throw invalid("its path may be an account of 12 digits only");
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

/** @param waitMs how long an answer may take beyond the network's own time */
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
 * The SQS queue of a queue. A name may hold letters, digits, `-` and `_`, at most 80, and the dead-letter
 * queue's has five more. So `.` becomes `_` and `/` becomes `--`; a name that could then be taken for
 * another's, or is too long, gets a hash: `image.convert/convert` is `millrace-image_convert--convert`.
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
  return new MillraceError("config_invalid", `The URL of SQS is not valid: ${reason}. Its form is ${FORM}`);
}
