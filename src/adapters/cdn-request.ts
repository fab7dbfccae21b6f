import { MillraceError } from "../errors.ts";

const TIMEOUT_MS = 30_000;
/** Characters shown of an error response. */
const SHOWN_CHARACTERS = 300;
const MAX_WAIT_S = 3_600;

export interface CdnRequest {
  method: "POST" | "PURGE";
  headers: Record<string, string>;
  body?: unknown;
  signal: AbortSignal;
}

/** Calls the API of a CDN, whose URL the operator set. Returns the body of a successful response. */
export async function askCdn(network: string, url: string, request: CdnRequest): Promise<string> {
  const { method, headers, body, signal } = request;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: {
        "user-agent": "Millrace",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    text = await response.text();
  } catch (error) {
    signal.throwIfAborted();
    throw new MillraceError("provider_unavailable", `${network} is not responding.`, { cause: error });
  }
  if (response.ok) return text;
  throw cdnError(network, response, text);
}

function cdnError(network: string, { status, headers }: Response, text: string): MillraceError {
  const cause = new Error(`${status}: ${text.slice(0, SHOWN_CHARACTERS)}`);
  if (status === 429) {
    return new MillraceError("rate_limited", `${network} accepts no more requests at present.`, {
      retryAfter: secondsOf(headers.get("retry-after")),
      cause,
    });
  }
  if (status >= 500 || status === 408) {
    return new MillraceError(
      "provider_unavailable",
      `${network} cannot clear files at present (status ${status}).`,
      {
        cause,
      },
    );
  }
  if (status === 400 || status === 422) {
    return new MillraceError("invalid_request", `${network} does not accept one of the addresses.`, {
      cause,
    });
  }
  return new MillraceError("provider_refused", `${network} rejected the request (status ${status}).`, {
    cause,
  });
}

function secondsOf(header: string | null): number | undefined {
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.min(MAX_WAIT_S, Math.max(1, Math.ceil(seconds))) : undefined;
}
