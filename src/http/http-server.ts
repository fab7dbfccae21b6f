import type { AddressInfo } from "node:net";
import { MillraceError } from "../errors.ts";
import type { App } from "./app.ts";
import { type AppOptions, createApp } from "./create-app.ts";
import { watchSilentConnections } from "./silent-connections.ts";
import { watchBodies } from "./slow-bodies.ts";

export interface HttpServer {
  readonly app: App;
  /** Rejects with `config_invalid` if the address cannot be used. */
  listen(address: Address): Promise<{ url: string }>;
  /** Gives running requests `closeMs` to finish. Leaves no open handle. */
  close(): Promise<void>;
}

export interface Address {
  host: string;
  /** 0 picks a free port. */
  port: number;
}

export interface HttpServerOptions extends AppOptions {
  /** Whether a body of this content type has no deadline as long as data keeps coming. */
  isUpload(contentType: string | undefined): boolean;
}

const IDLE_CHECK_MS = 100;

/** Creates an app to add routes to, and listens. Slow, silent and abandoned connections are closed in time. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { limits, isUpload } = options;
  const app = createApp(options);
  const endSilent = watchSilentConnections(app.server);
  const endWatch = watchBodies(app, limits, isUpload);
  return {
    app,
    listen: (address) => listen(app, address),
    async close() {
      endSilent();
      endWatch();
      const timer = setTimeout(() => app.server.closeAllConnections(), limits.closeMs);
      // Clients keep connections open for their next request after the last response.
      const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_CHECK_MS);
      try {
        await app.close();
      } finally {
        clearInterval(idle);
        clearTimeout(timer);
      }
    },
  };
}

async function listen(app: App, address: Address): Promise<{ url: string }> {
  const { host } = address;
  try {
    await app.listen({ ...address, backlog: 2_048 });
  } catch (error) {
    throw listenError(error, address);
  }
  const { port } = app.server.address() as AddressInfo;
  return { url: `http://${host.includes(":") ? `[${host.replace(/[[\]]/g, "")}]` : host}:${port}` };
}

function listenError(error: unknown, { host, port }: Address): unknown {
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE") {
    const text = `Port ${port} is in use. Choose another with --port or PORT.`;
    return new MillraceError("config_invalid", text, { cause: error });
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    const text = `This machine does not allow listening on ${host}, port ${port}.`;
    return new MillraceError("config_invalid", text, { cause: error });
  }
  return error;
}
