import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { MillraceError } from "../errors.ts";

/** Whether a host name or address can only be this machine. Names are not looked up: a name server may lie. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "::1" || name === "[::1]";
}

/** `name`, `name:port`, `[v6]:port`. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:/@?#\s]+)(?::\d{1,5})?$/i;

/**
 * While there are no accounts, whoever can send a request is the user: so a web page of another site must
 * not be able to. A page whose name was made to point here (DNS rebinding) sends its own `Host`; any other
 * page sends its `Origin`, or at least `Sec-Fetch-Site`. Following a link to here is harmless and allowed.
 */
export function refuseForeign(headers: IncomingHttpHeaders, method: string): void {
  const host = AUTHORITY.exec(headers.host ?? "")?.[1];
  if (host === undefined || !isLoopback(host)) {
    throw new MillraceError(
      "forbidden_origin",
      "Use this server by a loopback name, such as localhost or 127.0.0.1.",
    );
  }
  const { origin } = headers;
  if (origin !== undefined) {
    if (isLoopbackOrigin(origin)) return;
    throw new MillraceError("forbidden_origin", "This server takes no requests from pages of other sites.");
  }
  if (headers["sec-fetch-site"] === "cross-site" && !isNavigation(headers, method)) {
    throw new MillraceError("forbidden_origin", "This server takes no requests from pages of other sites.");
  }
}

function isLoopbackOrigin(origin: string): boolean {
  const match = /^https?:\/\/(.+)$/i.exec(origin);
  const host = match && AUTHORITY.exec(match[1]!)?.[1];
  return typeof host === "string" && isLoopback(host);
}

function isNavigation(headers: IncomingHttpHeaders, method: string): boolean {
  return (
    method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document"
  );
}
