import type { IncomingMessage } from "node:http";

const INTERVAL_MS = 100;
const MAX_MS = 5_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * A response sent before the whole body has arrived (a rejected upload) must still reach the client, but closing
 * right away would reset the connection and discard it. So this reads and drops the rest for a short while, then
 * closes the connection.
 */
export function lingerAfter(request: IncomingMessage): void {
  if (request.complete) return;
  const { socket } = request;
  request.unpipe();
  request.resume();
  const start = socket.bytesRead;
  let elapsed = 0;
  const timer = setInterval(() => {
    elapsed += INTERVAL_MS;
    if (socket.destroyed || request.complete) clearInterval(timer);
    else if (elapsed >= MAX_MS || socket.bytesRead - start >= MAX_BYTES) {
      clearInterval(timer);
      socket.destroy();
    }
  }, INTERVAL_MS);
  timer.unref();
}
