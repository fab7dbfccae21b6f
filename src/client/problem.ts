import type { ErrorCode } from "../errors.ts";

/** An option that the server rejected. */
export interface Issue {
  path: string;
  message: string;
}

export type ProblemCode = ErrorCode | "network" | "unreadable_file" | "unexpected";

const transient: ReadonlySet<ProblemCode> = new Set([
  "network",
  "upload_moved",
  "rate_limited",
  "request_timeout",
]);

interface ProblemFields {
  code: ProblemCode;
  status?: number;
  title?: string;
  detail?: string;
  retryAfter?: number | null;
  issues?: readonly Issue[];
  document?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/**
 * The error of a request: a problem document (RFC 9457), no response (`network`), or a file that can no longer be
 * read (`unreadable_file`).
 */
export class Problem extends Error {
  /** Stable. Branch on this, not on the message. */
  readonly code: ProblemCode;
  /** 0 if there was no response. */
  readonly status: number;
  readonly title: string;
  /** Seconds to wait before the next attempt. */
  readonly retryAfter: number | null;
  /** The invalid options or fields. */
  readonly issues: readonly Issue[];
  /** The whole document. Some errors add members, such as `limit`. */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(fields: ProblemFields) {
    super(fields.detail ?? fields.title ?? fields.code, { cause: fields.cause });
    this.name = "Problem";
    this.code = fields.code;
    this.status = fields.status ?? 0;
    this.title = fields.title ?? "";
    this.retryAfter = fields.retryAfter ?? null;
    this.issues = fields.issues ?? [];
    this.document = fields.document ?? {};
  }

  /** Whether a retry may soon succeed. A full queue or disk does not count: the caller decides. */
  get isTransient(): boolean {
    if (this.code === "storage_full") return false;
    return transient.has(this.code) || this.status >= 500;
  }
}

/** @param server named in the message */
export function networkProblem(server: string, cause?: unknown): Problem {
  const { code, message } = ((cause as Error | undefined)?.cause ?? cause ?? {}) as {
    code?: string;
    message?: string;
  };
  const why = code ?? message;
  return new Problem({
    code: "network",
    detail: `${server} does not answer${why ? ` (${why})` : ""}.`,
    cause,
  });
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const timedOut = error instanceof DOMException && error.name === "TimeoutError";
  return timedOut
    ? networkProblem("The server", error)
    : new Problem({ code: "unexpected", detail: String(error), cause: error });
}

/** Parses the body of a response that is not 2xx. Anything but a problem document becomes a generic problem. */
export function parseProblem(status: number, body: string, retryAfter: string | null): Problem {
  const seconds = parseRetryAfter(retryAfter);
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    document = null;
  }
  if (!isObject(document) || typeof document.code !== "string") {
    // A proxy in front of a stopped server answers with its own page.
    const code = status >= 502 && status <= 504 ? "unavailable" : status === 404 ? "not_found" : "unexpected";
    const known = isObject(document) ? { document } : {};
    return new Problem({ code, status, detail: `HTTP ${status}`, retryAfter: seconds, ...known });
  }
  return new Problem({
    code: document.code as ErrorCode,
    status,
    title: text(document.title),
    detail: text(document.detail) ?? text(document.title),
    retryAfter: seconds ?? (typeof document.retryAfter === "number" ? document.retryAfter : null),
    issues: Array.isArray(document.issues) ? document.issues.flatMap(issueOf) : [],
    document,
  });
}

/** `Retry-After` holds seconds or a date. @returns seconds */
export function parseRetryAfter(value: string | null, now = Date.now()): number | null {
  if (!value) return null;
  if (/^\d+$/.test(value.trim())) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1000));
}

function issueOf(value: unknown): Issue[] {
  if (!isObject(value)) return [];
  const path = Array.isArray(value.path) ? value.path.join(".") : (text(value.path) ?? "");
  return [{ path, message: text(value.message) ?? "" }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
