import type { ErrorCode } from "../errors.ts";

/** One option that the server refused, with the path of the field. */
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
 * What went wrong with a request: a problem document (RFC 9457), no answer at all (`network`), or a file that can
 * no longer be read (`unreadable_file`).
 */
export class Problem extends Error {
  /** Stable: for programs. */
  readonly code: ProblemCode;
  /** 0 where no answer came. */
  readonly status: number;
  readonly title: string;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfter: number | null;
  /** The options or fields that were refused. */
  readonly issues: readonly Issue[];
  /** The whole document: some errors add members, such as `limit`. */
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

  /** Whether it may be better in a moment; a full queue or disk is for the caller to decide. */
  get isTransient(): boolean {
    if (this.code === "storage_full") return false;
    return transient.has(this.code) || this.status >= 500;
  }
}

/** @param server for the message: who did not answer */
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

/** Reads the body of an answer that is not 2xx; anything that is no problem document becomes a general one. */
export function parseProblem(status: number, body: string, retryAfter: string | null): Problem {
  const seconds = parseRetryAfter(retryAfter);
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    document = null;
  }
  if (!isObject(document) || typeof document.code !== "string") {
    // A proxy in front of a stopped server answers with a page of its own.
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

/** `Retry-After` is seconds or a date. */
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
