import { type Connection, never, unwatched } from "./connection.ts";
import { persist } from "./persistence.ts";
import { networkProblem, Problem, parseProblem } from "./problem.ts";

export interface ClientSettings {
  /** Where the server is, such as `https://millrace.example`. @default "": the page's own */
  url?: string;
  /** Sent with each request, such as `{ authorization: "Bearer …" }`. A function is asked before each one. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** @default the runtime's */
  fetch?: typeof fetch;
  /**
   * Tries, after the first, of a call that may be repeated safely and failed for want of a connection or of a healthy
   * server. Event streams and uploads count from zero again whenever something arrived. @default 8, about a minute
   */
  retries?: number;
  /** Files larger than this are sent as resumable uploads, in bytes. @default 8 MiB */
  resumableFrom?: number;
  /** @default none: each call finds out by itself */
  connection?: Connection;
  /**
   * Asked when the server answers `unauthorized`, while the call waits: an access token may have expired. With `true`
   * the request is sent once more, with the headers as they are by then. @default the call rejects
   */
  renew?(): Promise<boolean>;
}

export interface CallOptions {
  /** Ends the call, which rejects with its reason. */
  signal?: AbortSignal;
  /** @default the client's */
  retries?: number;
}

export type Query = Record<string, string | number | readonly string[] | null | undefined>;

/** How every call reaches the server. */
export interface Transport {
  readonly url: string;
  readonly connection: Connection;
  readonly retries: number;
  /** One request, once. Rejects with a `Problem` for anything but a 2xx answer. */
  send(path: string, init?: RequestInit): Promise<Response>;
  /** The headers of every request. */
  headers(): Promise<Record<string, string>>;
  /** JSON of a call that may be repeated. */
  get<T>(path: string, options?: CallOptions): Promise<T>;
  /** A call that is not repeated by itself, as it may have been done although no answer came. */
  post<T>(path: string, body?: unknown, options?: CallOptions, method?: "POST" | "PATCH"): Promise<T>;
  remove(path: string, options?: CallOptions): Promise<void>;
  /** Like `post`, with any method; an answer without content is `undefined`. */
  call<T>(method: string, path: string, body?: unknown, options?: CallOptions): Promise<T>;
  /** Repeats work that may be repeated. */
  repeat<T>(
    work: () => Promise<T>,
    options?: CallOptions & { progress?(): number; alsoOn?: Problem["code"] },
  ): Promise<T>;
}

/** Here `unauthorized` is not of a token that has expired, but the answer itself. */
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

/** The JSON of an answer, of which the line may be cut while it arrives. */
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
    throw new Problem({ code: "unexpected", detail: "What answers is not a Millrace.", cause });
  }
}

/** `?a=1&b=2` of what is given. */
export function query(values: object): string {
  const given = Object.entries(values as Query).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  const text = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return text && `?${text}`;
}
