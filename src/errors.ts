/**
 * The error catalog: every error that a client, an operator or a pipeline can meet.
 * Codes never change. Their status, title and `retryable` are part of the contract.
 */
export const catalogue = {
  invalid_request: { status: 400, title: "The request is malformed", retryable: false },
  unauthorized: { status: 401, title: "Sign in first", retryable: false },
  forbidden: { status: 403, title: "Not allowed", retryable: false },
  email_unverified: { status: 403, title: "Confirm your email address first", retryable: false },
  forbidden_origin: { status: 403, title: "Requests from this origin are not allowed", retryable: false },
  not_found: { status: 404, title: "Not found", retryable: false },
  method_not_allowed: { status: 405, title: "Method not allowed", retryable: false },
  job_ended: { status: 409, title: "The job has already ended", retryable: false },
  job_not_retryable: { status: 409, title: "The job has nothing to retry", retryable: false },
  job_not_ended: { status: 409, title: "The job has not ended yet", retryable: true },
  request_timeout: { status: 408, title: "The request took too long to arrive", retryable: true },
  upload_incomplete: { status: 409, title: "The upload is not complete", retryable: true },
  upload_moved: { status: 409, title: "The upload is at a different offset", retryable: true },
  operation_state: { status: 409, title: "The operation is in the wrong state", retryable: false },
  already_exists: { status: 409, title: "It already exists", retryable: false },
  gone: { status: 410, title: "The file has expired", retryable: false },
  tus_version: {
    status: 412,
    title: "This version of the upload protocol is not supported",
    retryable: false,
  },
  too_many_items: { status: 413, title: "Too many items", retryable: false },
  too_many_files: { status: 413, title: "Too many files", retryable: false },
  file_too_large: { status: 413, title: "The file is too large", retryable: false },
  request_too_large: { status: 413, title: "The request is too large", retryable: false },
  unsupported_media: { status: 415, title: "This type of file is not accepted", retryable: false },
  range_not_satisfiable: { status: 416, title: "The range lies outside the file", retryable: false },
  invalid_options: { status: 422, title: "The options are not valid", retryable: false },
  address_refused: { status: 422, title: "This address is not allowed", retryable: false },
  notify_refused: { status: 422, title: "Notifying this address is not allowed", retryable: false },
  invalid_items: { status: 422, title: "The items are not valid", retryable: false },
  invalid_schedule: { status: 422, title: "The schedule is not valid", retryable: false },
  weak_password: { status: 422, title: "The password is not accepted", retryable: false },
  invalid_link: { status: 422, title: "The link is no longer valid", retryable: false },
  unknown_part: { status: 422, title: "The form has an unknown part", retryable: false },
  idempotency_mismatch: {
    status: 422,
    title: "The idempotency key belongs to another request",
    retryable: false,
  },
  queue_full: { status: 429, title: "The queue is full", retryable: true },
  quota_exceeded: { status: 429, title: "A quota is exceeded", retryable: true },
  rate_limited: { status: 429, title: "Too many requests", retryable: true },
  budget_exhausted: { status: 429, title: "No budget is left before the deadline", retryable: false },
  headers_too_large: { status: 431, title: "The request's headers are too large", retryable: false },
  checksum_mismatch: { status: 460, title: "The checksum does not match", retryable: true },
  internal: { status: 500, title: "Something went wrong on the server", retryable: true },
  provider_refused: { status: 502, title: "The provider rejected the request", retryable: false },
  answer_incomplete: { status: 502, title: "The model's answer is incomplete", retryable: false },
  answer_malformed: { status: 502, title: "The model's answer is malformed", retryable: true },
  fetch_failed: { status: 502, title: "The file could not be fetched", retryable: true },
  unavailable: { status: 503, title: "Part of the service is unavailable", retryable: true },
  provider_unavailable: { status: 503, title: "The provider is unavailable", retryable: true },
  storage_full: { status: 507, title: "Storage is full", retryable: true },
  no_model: { status: 422, title: "The model does not exist", retryable: false },
  package_missing: { status: 422, title: "An optional package is not installed", retryable: false },
  no_cdn: { status: 422, title: "No content delivery network is configured", retryable: false },
  publishing_off: { status: 422, title: "This server does not publish files", retryable: false },
  undecodable_file: { status: 422, title: "The file cannot be decoded", retryable: false },
  too_many_pixels: { status: 422, title: "The image has too many pixels", retryable: false },
  too_many_frames: { status: 422, title: "The animation has too many frames", retryable: false },
  too_many_pages: { status: 422, title: "The document has too many pages", retryable: false },
  too_deep: { status: 422, title: "Jobs are nested too deeply", retryable: false },
  step_failed: { status: 500, title: "A step failed", retryable: true },
  too_much_memory: { status: 422, title: "The file needs too much memory", retryable: false },
  step_timeout: { status: 504, title: "A step took too long", retryable: true },
  worker_died: { status: 500, title: "The worker died while it ran this task", retryable: false },
  parts_failed: { status: 422, title: "Parts that this step needs failed", retryable: false },
  too_many_parts: { status: 422, title: "The item has too many parts", retryable: false },
  items_failed: { status: 422, title: "Items that this step needs failed", retryable: false },
  payload_too_large: { status: 413, title: "The message is too large for the broker", retryable: false },
  lost_ownership: { status: 409, title: "The delivery now belongs to another consumer", retryable: false },
  closed: { status: 503, title: "The connection is closed", retryable: true },
  config_invalid: { status: 500, title: "The configuration is not valid", retryable: false },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof catalogue;

/** A code from the catalog, or one that a pipeline defines. */
export type AnyCode = ErrorCode | (string & Record<never, never>);

export interface ErrorDetails {
  /** Overrides the catalog when a single case differs, such as a broker's error. */
  retryable?: boolean;
  /** Whole seconds after which a client should try again (`Retry-After`). */
  retryAfter?: number;
  /** Machine-readable extra members of the problem document, such as `limit` or `issues`. */
  extra?: Record<string, unknown>;
  cause?: unknown;
}

/** An error that is safe to show: `message` is public, `cause` never leaves the process. */
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

/** Whether a thrown value is worth another attempt. Plain errors are, because their cause is unknown. */
export function isRetryable(error: unknown): boolean {
  return error instanceof MillraceError ? error.retryable : true;
}
