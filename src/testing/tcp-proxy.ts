import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Outage } from "./points.ts";

/** A local proxy between an adapter and its service, so that a test can cut the connection. */
export interface TcpProxy {
  readonly port: number;
  readonly outage: Outage;
  /** Cuts the open connections; new ones are let through. */
  cut(): void;
  /** Silently blocks all traffic until `thaw`. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

/** @param fixed the port to listen on, for services that tell their clients where to connect; 0: any */
export async function openTcpProxy(target: { host: string; port: number }, fixed = 0): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((client) => {
    const service = connect(target);
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
      if (isFrozen) socket.pause();
    }
  });
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const stop = async () => {
    const closed = once(server, "close");
    server.close();
    cut();
    await closed;
  };
  const freeze = () => {
    isFrozen = true;
    for (const socket of sockets) socket.pause();
  };
  const thaw = () => {
    isFrozen = false;
    for (const socket of sockets) socket.resume();
  };
  await listen(fixed);
  const { port } = server.address() as { port: number };
  return { port, cut, freeze, thaw, outage: { begin: stop, end: () => listen(port) }, close: stop };
}

/** The same URL, through the proxy. */
export function through(proxy: TcpProxy, url: string): string {
  const changed = new URL(url);
  changed.hostname = "127.0.0.1";
  changed.port = String(proxy.port);
  return changed.href;
}
