import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";
import { MillraceError } from "../errors.ts";
import { bounded } from "./bounded.ts";
import { addressRefused, guardedConnector, portRefused, unbracketed } from "./connector.ts";
import { transportError } from "./failures.ts";
import { nameResolver, type Resolve } from "./names.ts";
import { addressJudge, parseNetworks } from "./networks.ts";

/** Of a URL. */
const MAX_CHARACTERS = 2_048;
const PORTS = [80, 443, 8080, 8443];

export interface OutgoingOptions {
  /** Networks that are not public and may be reached on any port: `10.1.0.0/16`. @default none */
  allow?: readonly string[];
  /** Ports of public addresses. @default 80, 443, 8080, 8443 */
  ports?: readonly number[];
  /** How names become addresses. @default asks the machine's name servers */
  resolve?: Resolve;
  /** Until a connection stands, its name resolved included. @default 10_000 */
  connectMs?: number;
  /** Until an answer begins. @default 30_000 */
  headersMs?: number;
  /** Between two pieces of an answer. @default 30_000 */
  bodyMs?: number;
}

export interface OutgoingRequest {
  /** @default "GET" */
  method?: "GET" | "HEAD" | "POST" | "PUT";
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal;
  /** Bytes that an answer may have. */
  maxBytes: number;
  /** Redirects of a `GET` or `HEAD` that are followed, each judged anew. @default 0: a redirect is an answer */
  redirects?: number;
}

export interface OutgoingAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Where it came from, after redirects. */
  url: URL;
  /** Rejects with `file_too_large` as soon as more than `maxBytes` have come. To be read or destroyed. */
  body: Readable;
}

/** The one way to addresses that a client names. */
export interface Outgoing {
  /**
   * Reads an address as far as that is possible without asking anyone. Rejects with `address_refused` one of another
   * scheme or port, with credentials, or that is written as a number which may not be reached.
   */
  check(url: string): URL;
  /**
   * Sends a request. Rejects with `address_refused`, with `file_too_large` when the answer announces more than
   * `maxBytes`, and with `fetch_failed` for anything that goes wrong on the way.
   */
  request(url: string, request: OutgoingRequest): Promise<OutgoingAnswer>;
  close(): Promise<void>;
}

/** @throws TypeError when an entry of `allow` is no network */
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
    // A name may stand for an address on a network where any port may be used.
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
      const { method = "GET", maxBytes, signal } = request;
      let url = check(text);
      let asked = request;
      let left = method === "GET" || method === "HEAD" ? (request.redirects ?? 0) : 0;
      for (;;) {
        const { statusCode: status, headers, body } = await send(url, asked);
        // An answer that nobody reads must not end the process with its error.
        body.on("error", () => {});
        const next = left > 0 ? locationOf(status, headers.location, url) : null;
        if (next === null) {
          try {
            return { status, headers, url, body: bounded(body, { headers, maxBytes, url, signal }) };
          } catch (error) {
            body.destroy();
            throw error;
          }
        }
        body.destroy();
        left--;
        const to = check(next);
        if (url.protocol === "https:" && to.protocol === "http:") {
          throw new MillraceError("address_refused", `${url.host} leads from https to http.`);
        }
        // What was meant for one origin is not shown to another.
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
  if (text.length > MAX_CHARACTERS) throw refuse(`A URL has at most ${MAX_CHARACTERS} characters.`);
  // The parser would drop some of these, and read others as what they are not.
  if (/[\u0000-\u0020\u007f\\]/.test(text) || !/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
    throw refuse(`"${text.slice(0, 200)}" is not a URL that begins with https:// or http://.`);
  }
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") {
    throw refuse(`The URL of ${url.host} holds a user name or a password, which are not sent.`);
  }
  url.hash = "";
  return url;
}
