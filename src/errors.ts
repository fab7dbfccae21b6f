/**
 * The error catalogue: every error a client, an operator or a pipeline can meet.
 * A code is stable for ever; its status, title and `retryable` are part of the contract.
 */
export const catalogue = {
  invalid_request: { status: 400, title: "The request is not well formed", retryable: false },
  unauthorized: { status: 401, title: "Sign in first", retryable: false },
  forbidden: { status: 403, title: "Not allowed", retryable: false },
  email_unverified: { status: 403, title: "Confirm your email address first", retryable: false },
  forbidden_origin: { status: 403, title: "Requests from this origin are refused", retryable: false },
  not_found: { status: 404, title: "Not found", retryable: false },
  method_not_allowed: { status: 405, title: "Method not allowed", retryable: false },
  job_ended: { status: 409, title: "The job has already ended", retryable: false },
  job_not_retryable: { status: 409, title: "The job has nothing to retry", retryable: false },
  job_not_ended: { status: 409, title: "The job has not ended yet", retryable: true },
  request_timeout: { status: 408, title: "The request took too long to arrive", retryable: true },
  upload_incomplete: { status: 409, title: "The upload is not complete", retryable: true },
  upload_moved: { status: 409, title: "The upload has gone on elsewhere", retryable: true },
  already_exists: { status: 409, title: "There is one like it already", retryable: false },
  gone: { status: 410, title: "The file is past its retention", retryable: false },
  tus_version: { status: 412, title: "This version of the upload protocol is not spoken", retryable: false },
  too_many_items: { status: 413, title: "Too many items", retryable: false },
  too_many_files: { status: 413, title: "Too many files", retryable: false },
  file_too_large: { status: 413, title: "The file is too large", retryable: false },
  request_too_large: { status: 413, title: "The request is too large", retryable: false },
  unsupported_media: { status: 415, title: "This kind of file is not accepted", retryable: false },
  range_not_satisfiable: { status: 416, title: "The range lies outside the file", retryable: false },
  invalid_options: { status: 422, title: "The options are not valid", retryable: false },
  address_refused: { status: 422, title: "This address may not be used", retryable: false },
  invalid_items: { status: 422, title: "The items are not valid", retryable: false },
  invalid_schedule: { status: 422, title: "The schedule is not valid", retryable: false },
  weak_password: { status: 422, title: "The password is not accepted", retryable: false },
  invalid_link: { status: 422, title: "The link counts no more", retryable: false },
  unknown_part: { status: 422, title: "The form has a part that nothing reads", retryable: false },
  idempotency_mismatch: {
    status: 422,
    title: "The idempotency key belongs to another request",
    retryable: false,
  },
  queue_full: { status: 429, title: "The queue is full", retryable: true },
  quota_exceeded: { status: 429, title: "A quota is used up", retryable: true },
  rate_limited: { status: 429, title: "Too many requests", retryable: true },
  headers_too_large: { status: 431, title: "The request's headers are too large", retryable: false },
  checksum_mismatch: { status: 460, title: "The bytes differ from their checksum", retryable: true },
  internal: { status: 500, title: "Something went wrong on our side", retryable: true },
  fetch_failed: { status: 502, title: "The address did not give what was asked for", retryable: true },
  unavailable: { status: 503, title: "A part of the service is not available", retryable: true },
  storage_full: { status: 507, title: "The storage is full", retryable: true },
  undecodable_file: { status: 422, title: "The file cannot be decoded", retryable: false },
  too_many_pixels: { status: 422, title: "The picture has too many pixels", retryable: false },
  too_many_frames: { status: 422, title: "The animation has too many frames", retryable: false },
  too_many_pages: { status: 422, title: "The document has too many pages", retryable: false },
  too_deep: { status: 422, title: "Jobs start jobs too many levels deep", retryable: false },
  step_failed: { status: 500, title: "A step failed", retryable: true },
  too_much_memory: { status: 422, title: "The file needs too much memory", retryable: false },
  step_timeout: { status: 504, title: "A step took too long", retryable: true },
  worker_died: { status: 500, title: "The worker died while it ran this task", retryable: false },
  parts_failed: { status: 422, title: "Parts that this step needs have failed", retryable: false },
  too_many_parts: { status: 422, title: "The item has too many parts", retryable: false },
  items_failed: { status: 422, title: "Items that this step needs have failed", retryable: false },
  payload_too_large: { status: 413, title: "The message is too large for the broker", retryable: false },
  lost_ownership: { status: 409, title: "The delivery belongs to another consumer by now", retryable: false },
  closed: { status: 503, title: "The connection is closed", retryable: true },
  config_invalid: { status: 500, title: "The configuration is not valid", retryable: false },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof catalogue;

/** A code of the catalogue, or one of a pipeline's own. */
export type AnyCode = ErrorCode | (string & Record<never, never>);

export interface ErrorDetails {
  /** Overrides the catalogue where a single case differs, as a broker's error may. */
  retryable?: boolean;
  /** Whole seconds after which a client should come back (`Retry-After`). */
  retryAfter?: number;
  /** Machine-readable extra members of the problem document, such as `limit` or `issues`. */
  extra?: Record<string, unknown>;
  cause?: unknown;
}

/** An error that may be shown: `message` is public, `cause` never leaves the process. */
export class MillraceError extends Error {
  readonly code: AnyCode;
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly extra: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "MillraceError";
    this.code = code;
    this.status = catalogue[code].status;
    this.title = catalogue[code].title;
    this.retryable = details.retryable ?? catalogue[code].retryable;
    this.retryAfter = details.retryAfter;
    this.extra = details.extra;
  }
}

/** Whether an unknown thrown value is worth another try; plain errors are, as their cause is not known. */
export function isRetryable(error: unknown): boolean {
  return error instanceof MillraceError ? error.retryable : true;
}
