import type { AddressInfo } from "node:net";
import { MillraceError } from "../errors.ts";
import type { App } from "./app.ts";
import { type AppOptions, createApp } from "./create-app.ts";
import { watchSilentConnections } from "./silent-connections.ts";
import { watchBodies } from "./slow-bodies.ts";

export interface HttpServer {
  readonly app: App;
  /** Rejects with `config_invalid` when the address cannot be used. */
  listen(address: Address): Promise<{ url: string }>;
  /** Lets requests under way finish for `closeMs`, and leaves no handle open. */
  close(): Promise<void>;
}

export interface Address {
  host: string;
  /** 0: any that is free. */
  port: number;
}

export interface HttpServerOptions extends AppOptions {
  /** Whether a body of this type may take as long as it keeps coming. */
  isUpload(contentType: string | undefined): boolean;
}

/** An app to add routes to, and its way to the network: what is slow, silent or left over holds nothing for long. */
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
      try {
        await app.close();
      } finally {
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
    const text = `Port ${port} is taken. Choose another with --port or PORT.`;
    return new MillraceError("config_invalid", text, { cause: error });
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    const text = `This machine does not let us listen on ${host}, port ${port}.`;
    return new MillraceError("config_invalid", text, { cause: error });
  }
  return error;
}
