import type { IncomingMessage } from "node:http";

const INTERVAL_MS = 100;
const MAX_MS = 5_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * An answer that was sent before the whole body had come (a refused upload) must still reach the client:
 * closing at once would reset the connection and throw the answer away. So the rest is read and dropped
 * for a short while, and then the connection is closed whatever the client does.
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
