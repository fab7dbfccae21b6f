import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import { type ErrorCode, MillraceError } from "../errors.ts";
import type { App } from "./app.ts";
import type { HttpLimits } from "./limits.ts";
import { problemOf, publicError, sendProblem } from "./problem.ts";

/** Answers any error with a problem document. Unexpected errors are logged, and their details stay private. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const told = publicError(error);
  if (told.code === "internal") request.log.error({ err: error, requestId: request.id }, "a request failed");
  else if (told.status >= 500)
    request.log.warn({ err: error, requestId: request.id }, "a request was refused");
  return sendProblem(reply, told);
}

/**
 * Answers requests that match no route: `405` if the path exists with another method.
 * @param fallback may answer the request itself (the page does, for its own paths). Returns whether it did
 */
export function answerUnknown(
  app: App,
  fallback: (request: FastifyRequest, reply: FastifyReply) => boolean,
): void {
  const routes: { pattern: RegExp; methods: string[] }[] = [];
  app.addHook("onRoute", (route: RouteOptions) => {
    if (route.url.includes("*")) return;
    const source = route.url.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace(/:[A-Za-z]+/g, "[^/]+");
    routes.push({ pattern: new RegExp(`^${source}$`), methods: [route.method].flat() });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0]!;
    const allowed = new Set(
      routes.filter((route) => route.pattern.test(path)).flatMap((route) => route.methods),
    );
    if (allowed.size > 0 && !allowed.has(request.method)) {
      const list = [...allowed].sort().join(", ");
      reply.header("allow", list);
      return sendProblem(
        reply,
        new MillraceError("method_not_allowed", `Use ${list} here.`, { extra: { allow: list } }),
      );
    }
    if (fallback(request, reply)) return reply;
    return sendProblem(reply, new MillraceError("not_found", "Nothing exists at this address."));
  });
}

/** Answers on the socket, because a malformed, oversized or slow request never becomes a Fastify request. */
export function answerBrokenRequest(limits: HttpLimits) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    answerOnSocket(socket, new MillraceError(...broken(error.code, limits)));
  };
}

/** Answers when no handler can any more, and closes the connection. */
export function answerOnSocket(socket: Socket, told: MillraceError): void {
  const body = JSON.stringify(problemOf(told, "none"));
  socket.end(
    [
      `HTTP/1.1 ${told.status} ${STATUS_CODES[told.status]}`,
      "Content-Type: application/problem+json",
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
      "",
      body,
    ].join("\r\n"),
    () => socket.destroySoon(),
  );
}

function broken(code: string | undefined, limits: HttpLimits): [ErrorCode, string] {
  if (code === "HPE_HEADER_OVERFLOW") {
    return ["headers_too_large", `The headers are larger than ${limits.headerBytes} bytes.`];
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return ["request_timeout", "The request did not arrive in time."];
  }
  return ["invalid_request", "This is not a well-formed HTTP request."];
}
