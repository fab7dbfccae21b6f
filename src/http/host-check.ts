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
 * not be able to, nor a page that another program of this machine serves. A page whose name was made to point
 * here (DNS rebinding) sends its own `Host`; any other page sends its `Origin`, or at least `Sec-Fetch-Site`.
 * Following a link to here is harmless and allowed.
 * @param own.publicUrl the address of the server's own pages, where it is not that of `Host`
 * @param own.anyHost requests are told apart by who sends them: they may come to any name
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
      "Use this server by a loopback name, such as localhost or 127.0.0.1.",
    );
  }
  const site = headers["sec-fetch-site"];
  const isOwn =
    origin === undefined
      ? site === undefined || site === "same-origin" || site === "none" || isNavigation(headers, method)
      : isOwnOrigin(origin, host, publicUrl);
  if (isOwn) return;
  throw new MillraceError("forbidden_origin", "This server takes no requests from pages of other sites.");
}

function isOwnOrigin(origin: string, host: string, publicUrl: string | null): boolean {
  const given = originOf(origin);
  if (given === null) return false;
  const { protocol } = new URL(given);
  return given === originOf(`${protocol}//${host}`) || (publicUrl !== null && given === originOf(publicUrl));
}

/** In its one spelling, without the scheme's own port; `null` for what is not of the web. */
function originOf(url: string): string | null {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  return new URL(url).origin;
}

function isNavigation(headers: IncomingHttpHeaders, method: string): boolean {
  return (
    method === "GET" && headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document"
  );
}
