import type { FastifyReply } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { firstIssues } from "../domain/issues.ts";
import { type AnyCode, catalogue, type ErrorCode, MillraceError } from "../errors.ts";

/** An RFC 9457 problem document. Some errors add members, such as `limit` or `issues`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: AnyCode;
  retryable: boolean;
  requestId: string;
  [extra: string]: unknown;
}

export function problemOf(error: MillraceError, requestId: string): Problem {
  return {
    ...error.extra,
    type: `urn:millrace:error:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    retryable: error.retryable,
    requestId,
  };
}

export function sendProblem(reply: FastifyReply, error: MillraceError): FastifyReply {
  if (error.retryAfter !== undefined) reply.header("retry-after", String(Math.ceil(error.retryAfter)));
  // Fastify closes the connection after some errors, which could reset it before the client has read the response.
  reply.removeHeader("connection");
  return reply
    .code(error.status)
    .header("content-type", "application/problem+json")
    .send(Buffer.from(JSON.stringify(problemOf(error, reply.request.id))));
}

/** What a client may know of a thrown value. Unexpected errors become `internal`. */
export function publicError(error: unknown): MillraceError {
  if (error instanceof MillraceError) return PRIVATE.has(error.code) ? internal(error) : error;
  if (hasZodFastifySchemaValidationErrors(error)) return invalidRequest(error);
  const { code, statusCode } = (error ?? {}) as { code?: unknown; statusCode?: unknown };
  const known = typeof code === "string" ? known_[code] : undefined;
  if (known) return new MillraceError(known[0], known[1], { cause: error });
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    const [name, message] =
      byStatus[statusCode] ?? (["invalid_request", "The request is not valid."] as const);
    return new MillraceError(name, message, { cause: error });
  }
  return internal(error);
}

/** Their messages are for operators: they may quote a setting or a database. */
const PRIVATE: ReadonlySet<string> = new Set(["internal", "config_invalid"]);

function internal(cause: unknown): MillraceError {
  return new MillraceError(
    "internal",
    "Something went wrong on the server. Include the request id when you ask for help.",
    {
      cause,
    },
  );
}

export function invalidRequestWith(faults: Parameters<typeof firstIssues>[0]): MillraceError {
  const issues = firstIssues(faults);
  const [first] = issues;
  const detail = first ? `${first.path || "The request"}: ${first.message}` : "The request is not valid.";
  return new MillraceError("invalid_request", detail, { extra: { issues } });
}

interface FoundByServer {
  instancePath: string;
  message?: string;
  /** Zod's code, with its details in `params`. */
  keyword?: string;
  params?: Record<string, unknown>;
}

function invalidRequest(error: { validation: FoundByServer[] }): MillraceError {
  return invalidRequestWith(
    error.validation.map(({ instancePath, message, keyword, params }) => ({
      ...params,
      code: keyword,
      path: instancePath.split("/").filter(Boolean),
      message: message ?? "It is not valid.",
    })),
  );
}

const known_: Record<string, readonly [ErrorCode, string]> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ["invalid_request", "The body is not valid JSON."],
  FST_ERR_CTP_EMPTY_JSON_BODY: ["invalid_request", "The body is empty, but its type is application/json."],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    "invalid_request",
    "The size of the body differs from its Content-Length.",
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ["unsupported_media", "Send application/json or multipart/form-data."],
  FST_ERR_CTP_BODY_TOO_LARGE: ["request_too_large", "The body is larger than this call accepts."],
  FST_ERR_BAD_URL: ["invalid_request", "The address is not valid."],
  FST_ERR_MAX_PARAM_LENGTH: ["not_found", "Nothing exists at this address."],
  FST_PROTO_VIOLATION: ["invalid_request", "A field has a name that is not allowed."],
  FST_INVALID_JSON_FIELD_ERROR: ["invalid_request", "A field is declared as JSON but is not valid JSON."],
  FST_PARTS_LIMIT: ["request_too_large", "The form has too many parts."],
  FST_FIELDS_LIMIT: ["request_too_large", "The form has too many fields."],
  FST_MP_PREMATURE_CLOSE: ["invalid_request", "The upload was interrupted."],
};

const byStatus: Record<number, readonly [ErrorCode, string]> = {
  403: ["forbidden", "Not allowed."],
  404: ["not_found", "Nothing exists at this address."],
  413: ["request_too_large", "The request is larger than this call accepts."],
  415: ["unsupported_media", "Send application/json or multipart/form-data."],
};

export const errorCodes = Object.keys(catalogue) as [ErrorCode, ...ErrorCode[]];
