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
  /** Repeats work that may be repeated. */
  repeat<T>(
    work: () => Promise<T>,
    options?: CallOptions & { progress?(): number; alsoOn?: Problem["code"] },
  ): Promise<T>;
}

export function createTransport(settings: ClientSettings): Transport {
  const { retries = 8, connection = unwatched } = settings;
  const url = (settings.url ?? "").replace(/\/+$/, "");
  const ask = settings.fetch ?? ((...args: Parameters<typeof fetch>) => fetch(...args));
  const given = settings.headers ?? {};
  const headers = async () => ({ ...(typeof given === "function" ? await given() : given) });

  const send: Transport["send"] = async (path, init = {}) => {
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
    async post(path, body, { signal } = {}, method = "POST") {
      const headers = { "content-type": "application/json" };
      const init = {
        method,
        ...(body !== undefined && { headers, body: JSON.stringify(body) }),
        signal,
      };
      return json(await send(path, init), signal);
    },
    async remove(path, { signal } = {}) {
      await send(path, { method: "DELETE", signal });
    },
  };
}

/** The JSON of an answer, of which the line may be cut while it arrives. */
export async function json<T>(response: Response, signal?: AbortSignal): Promise<T> {
  const text = await response.text().catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw networkProblem("The server", error);
  });
  try {
    return JSON.parse(text) as T;
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
