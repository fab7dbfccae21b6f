import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { MillraceError } from "../errors.ts";

/** Whether a host can only be this machine. Does not look names up: a name server may lie. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "::1" || name === "[::1]";
}

/** `name`, `name:port`, `[v6]:port`. */
const AUTHORITY = /^(\[[0-9a-f:.]+\]|[^:/@?#\s]+)(?::\d{1,5})?$/i;

/**
 * Without accounts, anyone who can send a request acts as the user. So pages of other sites, and pages served by
 * other programs on this machine, must not be able to send one. A page whose name was rebound to this address (DNS
 * rebinding) sends its own `Host`; any other page sends its `Origin`, or at least `Sec-Fetch-Site`. Following a
 * link here is harmless and allowed.
 * @param own.publicUrl base URL of the server's own pages, if it differs from `Host`
 * @param own.anyHost accept any host name, because requests are authenticated
 */
export function refuseForeign(
  headers: IncomingHttpHeaders,
  method: string,
  { publicUrl, anyHost }: { publicUrl: string | null; anyHost: boolean },
): void {
  const { host = "", origin } = headers;
  const name = AUTHORITY.exec(host)?.[1];
  if (!anyHost && (name === undefined || !isLoopback(name))) {
    throw new MillraceError(
      "forbidden_origin",
      "Use a loopback address for this server, such as localhost or 127.0.0.1.",
    );
  }
  const site = headers["sec-fetch-site"];
  const isOwn =
    origin === undefined
      ? site === undefined || site === "same-origin" || site === "none" || isNavigation(headers, method)
      : isOwnOrigin(origin, host, publicUrl);
  if (isOwn) return;
  throw new MillraceError(
    "forbidden_origin",
    "This server does not accept requests from pages of other sites.",
  );
}

function isOwnOrigin(origin: string, host: string, publicUrl: string | null): boolean {
  const given = originOf(origin);
  if (given === null) return false;
  const { protocol } = new URL(given);
  return given === originOf(`${protocol}//${host}`) || (publicUrl !== null && given === originOf(publicUrl));
}

/** Normalizes an origin and drops the default port. `null` unless it is HTTP or HTTPS. */
function originOf(url: string): string | null {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  return new URL(url).origin;
}

function isNavigation(headers: IncomingHttpHeaders, method: string): boolean {
  return (
    method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document"
  );
}
