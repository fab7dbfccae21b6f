import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";
import { MillraceError } from "../errors.ts";
import { bounded } from "./bounded.ts";
import { addressRefused, guardedConnector, portRefused, unbracketed } from "./connector.ts";
import { transportError } from "./failures.ts";
import { nameResolver, type Resolve } from "./names.ts";
import { addressJudge, parseNetworks } from "./networks.ts";

/** Maximum length of a URL. */
const MAX_CHARACTERS = 2_048;
const PORTS = [80, 443, 8080, 8443];

export interface OutgoingOptions {
  /** Private networks that may be reached on any port, such as `10.1.0.0/16`. @default none */
  allow?: readonly string[];
  /** Allowed ports of public addresses. @default 80, 443, 8080, 8443 */
  ports?: readonly number[];
  /** Resolves host names. @default asks the machine's name servers */
  resolve?: Resolve;
  /** Time limit in ms for resolving and connecting. @default 10_000 */
  connectMs?: number;
  /** Time limit in ms until the response headers arrive. @default 30_000 */
  headersMs?: number;
  /** Time limit in ms between two chunks of the body. @default 30_000 */
  bodyMs?: number;
}

export interface OutgoingRequest {
  /** @default "GET" */
  method?: "GET" | "HEAD" | "POST" | "PUT";
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal;
  /** Maximum size of the response. */
  maxBytes: number;
  /** Accept a compressed response and pass it on as is. @default rejected, because it might expand without bounds */
  encoded?: true;
  /** Redirects to follow for `GET` and `HEAD`, each checked again. @default 0: a redirect is a response */
  redirects?: number;
}

export interface OutgoingAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Final URL, after redirects. */
  url: URL;
  /** Fails with `file_too_large` as soon as it exceeds `maxBytes`. Read or destroy it. */
  body: Readable;
}

/** Sends requests to URLs that clients supply. All such requests must go through here. */
export interface Outgoing {
  /**
   * Checks a URL without a lookup. Throws `address_refused` for other schemes or ports, for credentials, and for IP
   * addresses that are not allowed.
   */
  check(url: string): URL;
  /**
   * Sends a request. Rejects with `address_refused`, with `file_too_large` if the response announces more than
   * `maxBytes`, and with `fetch_failed` for any other failure.
   */
  request(url: string, request: OutgoingRequest): Promise<OutgoingAnswer>;
  close(): Promise<void>;
}

/** @throws TypeError if an entry of `allow` is not a network */
export function createOutgoing(options: OutgoingOptions = {}): Outgoing {
  const networks = parseNetworks(options.allow ?? []);
  const judge = addressJudge(networks);
  const ports = new Set(options.ports ?? PORTS);
  const agent = new Agent({
    connect: guardedConnector({
      judge,
      resolve: options.resolve ?? nameResolver({ system: networks.length > 0 }),
      ports,
      connectMs: options.connectMs ?? 10_000,
    }),
    headersTimeout: options.headersMs ?? 30_000,
    bodyTimeout: options.bodyMs ?? 30_000,
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 10_000,
    pipelining: 1,
    allowH2: false,
  });

  const check = (text: string): URL => {
    const url = parseUrl(text);
    const host = unbracketed(url.hostname);
    const verdict = isIP(host) ? judge(host) : null;
    if (verdict === "forbidden") throw addressRefused(host);
    const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
    // The name may resolve to an allowed network, where any port may be used.
    const isOpen = verdict === "allowed" || (verdict === null && networks.length > 0);
    if (!isOpen && !ports.has(port)) throw portRefused(port, ports);
    return url;
  };

  async function send(url: URL, request: OutgoingRequest): Promise<Dispatcher.ResponseData> {
    const { method = "GET", body, signal } = request;
    const headers = { "user-agent": "Millrace", ...request.headers, "accept-encoding": "identity" };
    try {
      return await agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        ...{ method, headers, body, signal },
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw transportError(error, url);
    }
  }

  return {
    check,

    async request(text, request) {
      const { method = "GET", maxBytes, signal, encoded } = request;
      let url = check(text);
      let asked = request;
      let left = method === "GET" || method === "HEAD" ? (request.redirects ?? 0) : 0;
      for (;;) {
        const { statusCode: status, headers, body } = await send(url, asked);
        // Keep an unread body's error from crashing the process.
        body.on("error", () => {});
        const next = left > 0 ? locationOf(status, headers.location, url) : null;
        if (next === null) {
          try {
            return { status, headers, url, body: bounded(body, { headers, maxBytes, url, signal, encoded }) };
          } catch (error) {
            body.destroy();
            throw error;
          }
        }
        body.destroy();
        left--;
        const to = check(next);
        if (url.protocol === "https:" && to.protocol === "http:") {
          throw new MillraceError("address_refused", `${url.host} redirects from https to http.`);
        }
        // Do not leak headers to another origin.
        if (to.origin !== url.origin) asked = { ...asked, headers: {} };
        url = to;
      }
    },

    close: () => agent.destroy(),
  };
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function locationOf(status: number, location: string | string[] | undefined, from: URL): string | null {
  if (!REDIRECTS.has(status) || typeof location !== "string") return null;
  return URL.canParse(location, from.href) ? new URL(location, from).href : location;
}

function parseUrl(text: string): URL {
  const refuse = (what: string) => new MillraceError("address_refused", what);
  if (text.length > MAX_CHARACTERS) throw refuse(`A URL is limited to ${MAX_CHARACTERS} characters.`);
  // The URL parser would drop some of these characters and reinterpret others.
  if (/[\u0000-\u0020\u007f\\]/.test(text) || !/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
    throw refuse(`"${text.slice(0, 200)}" is not a URL that begins with https:// or http://.`);
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") {
    throw refuse(`The URL of ${url.host} contains a user name or password, which is not allowed.`);
  }
  url.hash = "";
  return url;
}
