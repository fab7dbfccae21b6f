import { catalogue, type ErrorCode, MillraceError } from "../../errors.ts";
import { usageError } from "../output.ts";

export const DEFAULT_SERVER = "http://127.0.0.1:8080";

/** A running Millrace, over its HTTP API. Refusals come as the catalogue's errors. */
export interface ServerClient {
  readonly url: string;
  /** @param path with its query, such as `/v1/jobs?limit=5` */
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  post<T>(
    path: string,
    body?: object | FormData,
    more?: { headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<T>;
  remove(path: string): Promise<void>;
  /** The answer unread, for files and event streams; refusals are thrown all the same. */
  open(path: string, options?: { headers?: Record<string, string>; signal?: AbortSignal }): Promise<Response>;
}

/** Where a command's server is: its flag, `MILLRACE_SERVER`, the `PORT` that `millrace start` would take, or the default. */
export function serverUrl(flag: string | undefined): string {
  const { MILLRACE_SERVER, PORT } = process.env;
  const here = PORT ? `http://127.0.0.1:${PORT}` : DEFAULT_SERVER;
  const text = flag ?? (MILLRACE_SERVER || here);
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw usageError(`"${text.slice(0, 80)}" is not the address of a server; one is ${DEFAULT_SERVER}.`);
  }
  return url.href.replace(/\/+$/, "");
}

export function connectServer(url: string): ServerClient {
  async function ask(path: string, init: RequestInit): Promise<Response> {
    const response = await fetch(url + path, init).catch((error: Error) => {
      if (init.signal?.aborted) throw init.signal.reason;
      throw unreachable(url, error);
    });
    if (!response.ok) throw await refusal(url, response);
    return response;
  }

  return {
    url,
    async get<T>(path: string, signal?: AbortSignal) {
      return json<T>(url, await ask(path, { signal }));
    },
    async post<T>(
      path: string,
      body: object | FormData = {},
      more: { headers?: Record<string, string>; signal?: AbortSignal } = {},
    ) {
      const form = body instanceof FormData;
      const headers = form ? more.headers : { "content-type": "application/json", ...more.headers };
      const init = { method: "POST", body: form ? body : JSON.stringify(body), headers, signal: more.signal };
      return json<T>(url, await ask(path, init));
    },
    async remove(path) {
      await (await ask(path, { method: "DELETE" })).body?.cancel();
    },
    open: (path, options) => ask(path, { ...options }),
  };
}

async function json<T>(url: string, response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    throw new MillraceError("unavailable", `What answers at ${url} is not a Millrace.`, { cause: error });
  }
}

function unreachable(url: string, error: Error): MillraceError {
  const { code, message } = (error.cause ?? error) as { code?: string; message: string };
  const nothing = code === "ECONNREFUSED" || code === "ENOTFOUND";
  const text = nothing
    ? `Nothing answers at ${url}. Start it with \`millrace start\`, or name another with --server or MILLRACE_SERVER.`
    : `The connection to ${url} failed: ${code ?? message}.`;
  return new MillraceError("unavailable", text, { cause: error });
}

async function refusal(url: string, response: Response): Promise<MillraceError> {
  const text = await response.text();
  const problem = response.headers.get("content-type")?.startsWith("application/problem+json")
    ? (JSON.parse(text) as { code: string; detail?: string; title: string; retryable?: boolean })
    : null;
  if (!problem) {
    return new MillraceError(
      "unavailable",
      `What answers at ${url} is not a Millrace (it says ${response.status} ${response.statusText}).`,
    );
  }
  const code = problem.code in catalogue ? (problem.code as ErrorCode) : "internal";
  return new MillraceError(code, problem.detail ?? problem.title, {
    retryable: problem.retryable,
    retryAfter: Number(response.headers.get("retry-after")) || undefined,
  });
}
