import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { MillraceError } from "../errors.ts";
import type { Resolve } from "./names.ts";
import type { addressJudge } from "./networks.ts";

export interface ConnectorOptions {
  judge: ReturnType<typeof addressJudge>;
  resolve: Resolve;
  /** Allowed ports of public addresses. */
  ports: ReadonlySet<number>;
  connectMs: number;
}

/**
 * Connects only to addresses that passed the check. Resolves each name once and passes the checked addresses to the
 * socket, so that DNS cannot return another one between the check and the connection.
 */
export function guardedConnector(options: ConnectorOptions): buildConnector.connector {
  const { judge, resolve, ports, connectMs } = options;

  const refusal = (address: string, port: number, host: string): MillraceError | null => {
    const verdict = judge(address);
    if (verdict === "allowed") return null;
    if (verdict === "forbidden") return addressRefused(host);
    return ports.has(port) ? null : portRefused(port, ports);
  };

  return (target, callback) => {
    const host = unbracketed(target.hostname);
    const port = Number(target.port) || (target.protocol === "https:" ? 443 : 80);
    if (isIP(host)) {
      // IP addresses are connected to without a lookup.
      const refused = refusal(host, port, host);
      if (refused) return callback(refused, null);
    }
    const lookup: LookupFunction = (name, asked, done) => {
      resolve(name)
        .then((found) => {
          for (const { address } of found) {
            const refused = refusal(address, port, name);
            if (refused) throw refused;
          }
          if (asked.all) done(null, found);
          else done(null, found[0]!.address, found[0]!.family);
        })
        .catch((error: NodeJS.ErrnoException) => done(error, []));
    };
    const connect = buildConnector({ timeout: connectMs, lookup, autoSelectFamily: true });
    connect(target, (...[error, socket]: buildConnector.CallbackArgs) => {
      if (error) return callback(error, null);
      const refused = refusal(socket!.remoteAddress ?? "", port, host);
      if (refused === null) return callback(null, socket!);
      socket!.destroy();
      callback(refused, null);
    });
  };
}

export function unbracketed(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** Does not reveal what the name resolves to, which may be an internal address. */
export function addressRefused(host: string): MillraceError {
  return new MillraceError("address_refused", `${host.slice(0, 200)} does not have a public address.`);
}

export function portRefused(port: number, ports: ReadonlySet<number>): MillraceError {
  const text = `Port ${port} is not allowed. Allowed ports are ${[...ports].join(", ")}.`;
  return new MillraceError("address_refused", text, { extra: { accepted: [...ports] } });
}
