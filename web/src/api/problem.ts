import type { ErrorCode } from "../../../src/errors.ts";

/** One option that the server refused, with the path of the field. */
export interface Issue {
  path: string;
  message: string;
}

export type ProblemCode = ErrorCode | "network" | "unreadable_file" | "unexpected";

/**
 * What went wrong with a request: a problem document (RFC 9457), no answer at all (`network`), or a chosen file
 * that the browser can no longer read (`unreadable_file`).
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly retryAfter: number | null;
  readonly issues: readonly Issue[];

  constructor(fields: {
    code: ProblemCode;
    status?: number;
    title?: string;
    detail?: string;
    retryAfter?: number | null;
    issues?: readonly Issue[];
  }) {
    super(fields.detail ?? fields.title ?? fields.code);
    this.name = "Problem";
    this.code = fields.code;
    this.status = fields.status ?? 0;
    this.title = fields.title ?? "";
    this.retryAfter = fields.retryAfter ?? null;
    this.issues = fields.issues ?? [];
  }
}

export function networkProblem(): Problem {
  return new Problem({ code: "network" });
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const timedOut = error instanceof DOMException && error.name === "TimeoutError";
  return timedOut ? networkProblem() : new Problem({ code: "unexpected", detail: String(error) });
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
    return new Problem({ code, status, detail: `HTTP ${status}`, retryAfter: seconds });
  }
  return new Problem({
    code: document.code as ErrorCode,
    status,
    title: text(document.title),
    detail: text(document.detail) ?? text(document.title),
    retryAfter: seconds ?? (typeof document.retryAfter === "number" ? document.retryAfter : null),
    issues: Array.isArray(document.issues) ? document.issues.flatMap(issueOf) : [],
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
