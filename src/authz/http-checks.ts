import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type ErrorCode, MillraceError } from "../errors.ts";
import { problemOf } from "../http/problem.ts";
import type { Check, CheckRequest, Verdict } from "./check.ts";
import { identityHeaders, identityValues } from "./headers.ts";

export const CHECK_PATH = "/authz/check";

const codes: Record<401 | 403 | 503, ErrorCode> = {
  401: "unauthorized",
  403: "forbidden",
  503: "unavailable",
};

/** Whether a URL is a check. */
export function isCheck(url: string): boolean {
  return url.startsWith(CHECK_PATH) && /^(?:[/?]|$)/.test(url.slice(CHECK_PATH.length));
}

/** Handles checks from nginx `auth_request`, Caddy `forward_auth`, Traefik, and Envoy over HTTP. */
export function answerChecks(check: Check, onError: (error: unknown) => void) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const answer = (verdict: Verdict) => send(response, request.method === "HEAD", verdict);
    const fail = (error: unknown) => {
      onError(error);
      answer({ status: 503, holder: null, isStale: false, detail: "The access check failed." });
    };
    // Discard any body that the proxy forwards.
    request.resume();
    try {
      const verdict = check(asked(request.method!, request.url!, request.headers));
      if (verdict instanceof Promise) verdict.then(answer).catch(fail);
      else answer(verdict);
    } catch (error) {
      fail(error);
    }
  };
}

/**
 * The request to check. Envoy appends its path to `/authz/check`. Other proxies set `X-Forwarded-Uri` and
 * `X-Forwarded-Method`. We trust no other header, because a client could send it.
 */
function asked(method: string, url: string, headers: IncomingHttpHeaders): CheckRequest {
  const { authorization, cookie } = headers;
  const rest = url.slice(CHECK_PATH.length);
  if (rest.startsWith("/")) return { method, uri: rest, authorization, cookie };
  const uri = headers["x-forwarded-uri"];
  const forwarded = headers["x-forwarded-method"];
  return {
    method: typeof forwarded === "string" ? forwarded.toUpperCase() : method,
    uri: typeof uri === "string" ? uri : null,
    authorization,
    cookie,
  };
}

function send(response: ServerResponse, isHead: boolean, verdict: Verdict): void {
  const { status, detail } = verdict;
  const headers: string[] = ["cache-control", "no-store"];
  const values = identityValues(verdict);
  for (const [n, name] of identityHeaders.entries()) headers.push(name, values[n]!);
  if (status === 200) {
    headers.push("content-length", "0");
    response.writeHead(200, headers).end();
    return;
  }
  const body = JSON.stringify(problemOf(new MillraceError(codes[status], detail), "none"));
  if (status === 401) headers.push("www-authenticate", "Bearer");
  if (status === 503) headers.push("retry-after", "1");
  headers.push("content-type", "application/problem+json", "content-length", String(Buffer.byteLength(body)));
  response.writeHead(status, headers).end(isHead ? undefined : body);
}
