import { retryAfterMs } from "../outgoing/retry-after.ts";
import { type Headers, untilMs } from "./headers.ts";

/** Meaning of a failed call. */
export type Refusal =
  /** A rate limit was hit. Try again after `retryMs`. */
  | { kind: "limited"; retryMs: number }
  /** The same request will always fail. */
  | { kind: "refused"; why: string }
  /** The provider is down, slow, or cut the connection. */
  | { kind: "down"; why: string; retryMs?: number };

/** An error response of the provider. */
export interface FailedAnswer {
  status: number | undefined;
  headers: Headers;
  body: string;
}

const DEFAULT_RETRY_MS = 5_000;
/** When a daily quota is used up, providers often still send the delay of a per-minute limit. */
const DAILY_RETRY_MS = 3_600_000;
const WORDS = 300;

/** Codes of 429 responses where waiting does not help. */
const SPENT = /insufficient_quota|billing|credit balance|account.{0,20}(deactivated|suspended)/i;

export function refusalOf({ status, headers, body }: FailedAnswer, now = Date.now()): Refusal {
  const why = wordsOf(body) || `status ${status}`;
  if (status === 429) {
    const violations = quotaViolations(body);
    const isNone = violations.some(({ quotaValue }) => quotaValue === "0");
    if (SPENT.test(body) || isNone) return { kind: "refused", why };
    const asked = retryMsOf(headers, body, now) ?? DEFAULT_RETRY_MS;
    const isDaily = violations.some(({ quotaId = "" }) => /PerDay/.test(quotaId));
    return { kind: "limited", retryMs: isDaily ? Math.max(asked, DAILY_RETRY_MS) : asked };
  }
  if (status === undefined) return { kind: "down", why };
  if (status >= 500 || status === 408 || status === 409 || status === 425) {
    const retryMs = retryMsOf(headers, body, now);
    return { kind: "down", why, ...(retryMs !== undefined && { retryMs }) };
  }
  return { kind: "refused", why };
}

/** When the provider allows a retry. Gemini says so only in the body. */
function retryMsOf(headers: Headers, body: string, now: number): number | undefined {
  const ms = Number(headers["retry-after-ms"]);
  if (headers["retry-after-ms"] !== undefined && ms >= 0) return Math.min(ms, 36_000_000);
  const header = retryAfterMs(headers["retry-after"], now);
  if (header !== undefined) return header;
  const delay = detailsOf(body).find(({ retryDelay }) => typeof retryDelay === "string")?.retryDelay;
  if (delay !== undefined) return untilMs(String(delay), now);
  const [, inWords] = /(?:retry|try again) in (\d+(?:\.\d+)?(?:ms|s|m))\b/i.exec(body) ?? [];
  return untilMs(inWords, now);
}

interface Detail {
  retryDelay?: unknown;
  violations?: { quotaId?: string; quotaValue?: string }[];
}

function detailsOf(body: string): Detail[] {
  const parsed = parsedBody(body) as { error?: { details?: unknown } } | null;
  const details = parsed?.error?.details;
  return Array.isArray(details)
    ? (details as Detail[]).filter((detail) => typeof detail === "object" && detail)
    : [];
}

function quotaViolations(body: string) {
  return detailsOf(body).flatMap(({ violations }) => (Array.isArray(violations) ? violations : []));
}

function wordsOf(body: string): string {
  const parsed = parsedBody(body) as { error?: { message?: unknown } | string; message?: unknown } | null;
  const { error } = parsed ?? {};
  const text = typeof error === "string" ? error : (error?.message ?? parsed?.message);
  return typeof text === "string" ? text.slice(0, WORDS) : "";
}

/** Some providers wrap the error in a list. */
function parsedBody(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return Array.isArray(parsed) ? parsed[0] : typeof parsed === "object" ? parsed : null;
  } catch {
    return null;
  }
}
