import type { DeliveryAttempt } from "../domain/webhooks.ts";
import { MillraceError } from "../errors.ts";
import type { Outgoing, OutgoingAnswer } from "../outgoing/outgoing.ts";
import { retryAfterMs } from "../outgoing/retry-after.ts";

/** Time limit for an attempt, from connecting to the end of the response. */
const TIMEOUT_MS = 20_000;
/** How much of a response body is read and stored. */
const BODY_BYTES = 2_048;
const HEADERS = ["content-type", "retry-after", "location", "server"];
const HEADER_CHARACTERS = 200;
const LONGEST_PAUSE_MS = 10 * 3_600_000;

export interface Sent {
  attempt: DeliveryAttempt;
  /** The endpoint answered `410`: it wants no more deliveries. */
  gone: boolean;
  /** Requested pause before the next attempt, in ms, at most 10 h. */
  pauseMs: number | undefined;
}

export interface Sending {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** The store's clock. */
  now(): number;
  /** Aborted when the process ends. The attempt then does not count. */
  signal: AbortSignal;
}

/** Makes one attempt. Rejects only with the signal's reason. */
export async function send(outgoing: Pick<Outgoing, "request">, sending: Sending): Promise<Sent> {
  const { url, headers, body, now, signal } = sending;
  const at = now();
  const begun = performance.now();
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const took = () => Math.round(performance.now() - begun);
  try {
    const answer = await outgoing.request(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      signal: AbortSignal.any([signal, timeout]),
      // We stop reading ourselves, after what we store.
      maxBytes: Number.MAX_SAFE_INTEGER,
      // Only the status matters.
      encoded: true,
    });
    const text = await beginningOf(answer);
    const { status } = answer;
    const isFine = status >= 200 && status < 300;
    const response = { headers: shownHeaders(answer), body: text };
    return {
      attempt: { at, ms: took(), status, error: isFine ? null : refusal(status), response },
      gone: status === 410,
      pauseMs: isFine ? undefined : pauseOf(answer, text, now()),
    };
  } catch (error) {
    signal.throwIfAborted();
    const message = timeout.aborted
      ? `There was no complete response within ${TIMEOUT_MS / 1_000} s.`
      : error instanceof MillraceError
        ? error.message
        : "The request failed.";
    const attempt = { at, ms: took(), status: null, error: message, response: null };
    return { attempt, gone: false, pauseMs: undefined };
  }
}

function refusal(status: number): string {
  if (status >= 300 && status < 400) return `It responded with ${status}. Redirects are not followed.`;
  return `It responded with ${status}.`;
}

/** Reads the beginning of a body. Errors are ignored, because the status has already arrived. */
async function beginningOf({ body, headers }: OutgoingAnswer): Promise<string> {
  const encoding = String(headers["content-encoding"] ?? "identity").trim();
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of body) {
      pieces.push(piece as Buffer);
      bytes += (piece as Buffer).length;
      if (bytes >= BODY_BYTES) break;
    }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
  } finally {
    body.destroy();
  }
  if (encoding !== "" && encoding !== "identity") return "";
  // PostgreSQL cannot store NUL.
  return Buffer.concat(pieces).subarray(0, BODY_BYTES).toString().replaceAll("\0", "");
}

function shownHeaders({ headers }: OutgoingAnswer): Record<string, string> {
  const shown = HEADERS.filter((name) => headers[name] !== undefined);
  return Object.fromEntries(
    shown.map((name) => [name, String(headers[name]).slice(0, HEADER_CHARACTERS).replaceAll("\0", "")]),
  );
}

/** `Retry-After`, or the more precise value in Discord's response body. */
function pauseOf({ status, headers }: OutgoingAnswer, text: string, now: number): number | undefined {
  const asked = retryAfterMs(headers["retry-after"], now);
  if (status !== 429) return asked;
  try {
    const { retry_after: seconds } = JSON.parse(text) as { retry_after?: unknown };
    if (typeof seconds === "number" && seconds >= 0) {
      return Math.min(LONGEST_PAUSE_MS, Math.max(Math.ceil(seconds * 1_000), 0));
    }
  } catch {
    // Not Discord.
  }
  return asked;
}
