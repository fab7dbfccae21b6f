import { whyUnreachable } from "../../domain/unreachable.ts";
import { MillraceError } from "../../errors.ts";
import type { SqsLocation } from "./sqs-location.ts";

/** The catalog's error for an SDK error, or for SQS's answer about one entry of a batch. */
export function asSqsError(cause: unknown): MillraceError {
  if (cause instanceof MillraceError) return cause;
  return new MillraceError("unavailable", `SQS cannot be used (${nameOf(cause)}).`, { cause });
}

/** For the first call: an error that no retry can fix is a configuration error. Names the address and the cause. */
export function asSqsOpeningError(cause: unknown, { endpoint, region }: SqsLocation): MillraceError {
  if (cause instanceof MillraceError) return cause;
  const service = endpoint ? `SQS at ${endpoint}` : `Amazon SQS in ${region}`;
  const name = nameOf(cause);
  const status = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  const wrong = (reason: string) => new MillraceError("config_invalid", reason, { cause });
  if (name === "CredentialsProviderError") return wrong(`No credentials for ${service} were found.`);
  if (
    status === 401 ||
    status === 403 ||
    /^(InvalidClientTokenId|SignatureDoesNotMatch|AccessDenied)/.test(name)
  ) {
    return wrong(`${service} rejects the credentials, or they do not give access to its queues.`);
  }
  const why = status === undefined ? whyUnreachable(cause) : `it answered ${status} ${name}`;
  return new MillraceError("unavailable", `${service} cannot be used: ${why}.`, { cause });
}

export function isMissingQueue(cause: unknown): boolean {
  return /QueueDoesNotExist|NonExistentQueue/.test(nameOf(cause));
}

/** The receipt handle is from an earlier delivery: the message was delivered again, or deleted. */
export function isStaleReceipt(code: string | undefined): boolean {
  return /ReceiptHandleIsInvalid|MessageNotInflight|InvalidParameterValue/.test(code ?? "");
}

export function lostError(id: string): MillraceError {
  return new MillraceError("lost_ownership", `The delivery ${id} now belongs to another consumer.`);
}

export function closedError(): MillraceError {
  return new MillraceError("closed", "The connection to SQS is closed.");
}

function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : "unknown error";
}
