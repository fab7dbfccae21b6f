import { connect } from "node:net";

const usualPorts: Record<string, number> = {
  "postgres:": 5432,
  "redis:": 6379,
  "amqp:": 5672,
  "kafka:": 9092,
};
const PROBE_MS = 2_000;

/** Whether something listens at a server's URL. */
export function answers(url: string): Promise<boolean> {
  const { hostname, port, protocol } = new URL(url);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || usualPorts[protocol]!,
    timeout: PROBE_MS,
  });
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  socket.once("timeout", () => resolve(false));
  return promise.finally(() => socket.destroy());
}
