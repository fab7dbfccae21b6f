import {
  CloudFrontClient,
  CloudFrontServiceException,
  CreateInvalidationCommand,
} from "@aws-sdk/client-cloudfront";
import { MillraceError } from "../../errors.ts";
import type { Cdn } from "../../ports/cdn.ts";

/** Most files that may be under invalidation at once. */
const IN_PROGRESS = 3_000;
/** An invalidation takes at most a few minutes. */
const IN_PROGRESS_MS = 300_000;
/** Files per request, so that several jobs have room. */
const BATCH = 1_000;
const RETRY_AFTER_S = 60;

export interface CloudFrontSettings {
  distribution: string;
  /** @default found by the AWS SDK: environment, files, the machine's role */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** @default Amazon's own */
  api?: string;
}

export function cloudFrontCdn({ distribution, credentials, api }: CloudFrontSettings): Cdn {
  const client = new CloudFrontClient({
    region: "us-east-1",
    ...(api && { endpoint: api }),
    ...(credentials && { credentials }),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000 },
  });
  return {
    name: "cloudfront",
    batch: BATCH,
    budget: { limit: IN_PROGRESS, perMs: IN_PROGRESS_MS },
    async purge(urls, { reference, signal }) {
      const Items = urls.map((url) => new URL(url)).map(({ pathname, search }) => pathname + search);
      const command = new CreateInvalidationCommand({
        DistributionId: distribution,
        // Repeating the call with the same reference starts no second invalidation.
        InvalidationBatch: { CallerReference: reference, Paths: { Quantity: Items.length, Items } },
      });
      await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw cloudFrontError(error);
      });
    },
    async close() {
      client.destroy();
    },
  };
}

function cloudFrontError(cause: unknown): MillraceError {
  if (!(cause instanceof CloudFrontServiceException)) {
    return new MillraceError("provider_unavailable", "CloudFront is not responding.", { cause });
  }
  const { name, $metadata } = cause;
  const status = $metadata.httpStatusCode ?? 500;
  if (name === "TooManyInvalidationsInProgress" || name === "Throttling" || status === 429) {
    const text = "CloudFront is already clearing as many files as it allows at once.";
    return new MillraceError("rate_limited", text, { retryAfter: RETRY_AFTER_S, cause });
  }
  if (status >= 500) {
    return new MillraceError(
      "provider_unavailable",
      `CloudFront cannot clear files at present (status ${status}).`,
      {
        cause,
      },
    );
  }
  if (name === "InvalidArgument") {
    return new MillraceError("invalid_request", "CloudFront does not accept one of the addresses.", {
      cause,
    });
  }
  return new MillraceError("provider_refused", `CloudFront rejected the request (${name}).`, { cause });
}
