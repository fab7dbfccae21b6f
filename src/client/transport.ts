import { type Connection, never, unwatched } from "./connection.ts";
import { persist } from "./persistence.ts";
import { networkProblem, Problem, parseProblem } from "./problem.ts";

export interface ClientSettings {
  /** URL of the server, such as `https://millrace.example`. @default "": the page's own origin */
  url?: string;
  /** Headers of each request, such as `{ authorization: "Bearer …" }`. A function is called before each request. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** @default the runtime's */
  fetch?: typeof fetch;
  /**
   * Retries when the connection or the server is down, for calls that are safe to repeat. Event streams and uploads
   * start counting again whenever they make progress. @default 8, about a minute
   */
  retries?: number;
  /** Files larger than this many bytes are sent as resumable uploads. @default 8 MiB */
  resumableFrom?: number;
  /** @default none: each call finds out for itself whether the server is reachable */
  connection?: Connection;
  /**
   * Called when the server answers `unauthorized`, because an access token may have expired. If it resolves to `true`,
   * the request is sent once more with the current headers. @default the call rejects
   */
  renew?(): Promise<boolean>;
}

export interface CallOptions {
  /** Aborts the call, which rejects with the signal's reason. */
  signal?: AbortSignal;
  /** @default the client's */
  retries?: number;
}

export type Query = Record<string, string | number | readonly string[] | null | undefined>;

/** Sends the client's requests. */
export interface Transport {
  readonly url: string;
  readonly connection: Connection;
  readonly retries: number;
  /** Sends one request without retries. Rejects with a `Problem` unless the response is 2xx. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** The headers of every request. */
  headers(): Promise<Record<string, string>>;
  /** Fetches JSON, with retries. */
  get<T>(path: string, options?: CallOptions): Promise<T>;
  /** Never retried: the server may have acted on a request whose response was lost. */
  post<T>(path: string, body?: unknown, options?: CallOptions, method?: "POST" | "PATCH"): Promise<T>;
  remove(path: string, options?: CallOptions): Promise<void>;
  /** Like `post`, with any method. Resolves with `undefined` if the response has no body. */
  call<T>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<T>;
  /** Retries work that is safe to repeat. */
  repeat<T>(
    work: () => Promise<T>,
    options?: CallOptions & { progress?(): number; alsoOn?: Problem["code"] },
  ): Promise<T>;
}

/** On these paths, `unauthorized` means bad credentials rather than an expired access token. */
const ownRefusal = /^\/v1\/auth\/(login|refresh)$/;

export function createTransport(settings: ClientSettings): Transport {
  const { retries = 8, connection = unwatched } = settings;
  const url = (settings.url ?? "").replace(/\/+$/, "");
  const ask = settings.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
  const given = settings.headers ?? {};
  const headers = async () => ({ ...(typeof given === "function" ? await given() : given) });

  async function once(path: string, init: RequestInit): Promise<Response> {
    const sent = { accept: "application/json", ...(await headers()), ...(init.headers as object) };
    let response: Response;
    try {
      response = await ask(url + path, { ...init, headers: sent });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      connection.lost();
      throw networkProblem(url || "The server", error);
    }
    if (!response.ok) {
      throw parseProblem(response.status, await response.text(), response.headers.get("retry-after"));
    }
    connection.reached();
    return response;
  }

  const send: Transport["send"] = async (path, init = {}) => {
    try {
      return await once(path, init);
    } catch (error) {
      const isLate = error instanceof Problem && error.status === 401 && !ownRefusal.test(path);
      if (!isLate || !(await settings.renew?.())) throw error;
      return once(path, init);
    }
  };

  const call: Transport["call"] = async (method, path, body, { signal } = {}) => {
    const headers = { "content-type": "application/json" };
    const given = body !== undefined && { headers, body: JSON.stringify(body) };
    const response = await send(path, { method, ...given, signal });
    const text = await textOf(response, signal);
    return text === "" ? undefined : parse(text);
  };

  const repeat: Transport["repeat"] = (work, options = {}) =>
    persist(work, {
      ...options,
      signal: options.signal ?? never(),
      connection,
      retries: options.retries ?? retries,
    });

  return {
    url,
    connection,
    retries,
    send,
    headers,
    repeat,
    get: (path, options) =>
      repeat(async () => json(await send(path, { signal: options?.signal }), options?.signal), options),
    call,
    post: (path, body, options, method = "POST") => call(method, path, body, options),
    remove: (path, options) => call("DELETE", path, undefined, options),
  };
}

/** Reads a JSON body. A connection lost midway becomes a `network` problem. */
export async function json<T>(response: Response, signal?: AbortSignal): Promise<T> {
  return parse(await textOf(response, signal));
}

function textOf(response: Response, signal?: AbortSignal): Promise<string> {
  return response.text().catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw networkProblem("The server", error);
  });
}

function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem({ code: "unexpected", detail: "The server that answered is not Millrace.", cause });
  }
}

/** A query string, such as `?a=1&b=2`, of the values that are set. */
export function query(values: object): string {
  const given = Object.entries(values as Query).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const text = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return text && `?${text}`;
}
