import type { IncomingMessage, ServerResponse } from "node:http";
import { MillraceError } from "../errors.ts";
import type { App } from "./app.ts";
import { answerOnSocket } from "./error-handling.ts";
import type { HttpLimits } from "./limits.ts";

interface Arriving {
  request: IncomingMessage;
  response: ServerResponse;
  /** When the whole body must have arrived. */
  deadline: number;
  /** When the current window began, and the connection's byte count at that time. */
  since: number;
  bytes: number;
}

const LOOK_MS = 1_000;

/**
 * Ends requests whose bodies trickle in, which would otherwise hold a connection and their handler's resources
 * indefinitely. Counts only time in which the server waited for the client. Call it before adding routes.
 * @param isUpload whether a body of this content type has no deadline as long as data keeps coming
 * @returns stops the watch
 */
export function watchBodies(
  app: App,
  limits: HttpLimits,
  isUpload: (contentType: string | undefined) => boolean,
): () => void {
  const { jsonMs, bodyBytesPerSecond, bodyWindowMs } = limits;
  const least = (bodyBytesPerSecond * bodyWindowMs) / 1_000;
  const bodies = new Set<Arriving>();

  app.addHook("onRequest", (request, reply, done) => {
    const { headers } = request;
    if (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0) {
      const since = performance.now();
      const deadline = isUpload(headers["content-type"]) ? Number.POSITIVE_INFINITY : since + jsonMs;
      const { bytesRead: bytes } = request.raw.socket;
      bodies.add({ request: request.raw, response: reply.raw, deadline, since, bytes });
    }
    done();
  });

  const look = (body: Arriving, now: number): string | null => {
    if (now >= body.deadline) return `The body did not arrive within ${jsonMs / 1_000} s.`;
    if (now - body.since < bodyWindowMs) return null;
    const { bytesRead } = body.request.socket;
    const isSlow = bytesRead - body.bytes < least && body.request.readableLength === 0;
    body.since = now;
    body.bytes = bytesRead;
    return isSlow ? `The body arrived more slowly than ${bodyBytesPerSecond} bytes per second.` : null;
  };

  const timer = setInterval(
    () => {
      const now = performance.now();
      for (const body of bodies) {
        const { request, response } = body;
        const isOver = request.complete || request.socket.destroyed || response.writableEnded;
        const fault = isOver ? null : look(body, now);
        if (isOver || fault !== null) bodies.delete(body);
        if (fault === null) continue;
        if (response.headersSent) request.socket.destroy();
        else answerOnSocket(request.socket, new MillraceError("request_timeout", fault));
      }
    },
    Math.min(LOOK_MS, jsonMs, bodyWindowMs),
  );
  timer.unref();
  return () => clearInterval(timer);
}
