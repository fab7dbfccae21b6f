import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { collectDefaultMetrics, Registry } from "prom-client";
import { measureProcess, type ProcessMeter } from "../engine/processes/meter.ts";
import { MillraceError } from "../errors.ts";
import { isLoopback } from "../http/host-check.ts";
import { defaultHttpLimits, type HttpLimits } from "../http/limits.ts";
import { problemOf } from "../http/problem.ts";
import { registerProcesses } from "../http/process-metrics.ts";
import type { Access } from "../replica/access.ts";
import type { Authz } from "./authz.ts";
import { type GrpcServer, startGrpc } from "./envoy/grpc-server.ts";
import { isCheck } from "./http-checks.ts";
import { registerChecks, registerReplica } from "./metrics.ts";

export interface AuthzServiceOptions {
  authz: Authz;
  access: Access;
  host: string;
  /** 0 picks a free port. */
  port: number;
  /** `null` for no gRPC. */
  grpcPort: number | null;
  limits?: HttpLimits;
}

export interface AuthzService {
  readonly url: string;
  readonly grpcPort: number | null;
  close(): Promise<void>;
}

/** The standalone authorization service: checks over plain HTTP, plus health and metrics for operators. */
export async function startAuthzService(options: AuthzServiceOptions): Promise<AuthzService> {
  const { authz, host, port, limits = defaultHttpLimits } = options;
  const meter = measureProcess("authz");
  const metrics = metricsOf(options, meter);
  const others = operatorRoutes(options, metrics);
  const server = createServer(
    { maxHeaderSize: limits.headerBytes, headersTimeout: limits.headersMs, keepAliveTimeout: limits.idleMs },
    (request, response) => {
      if (isCheck(request.url!)) authz.answer(request, response);
      else others(request, response);
    },
  );
  server.maxConnections = limits.connections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const text = `This machine does not allow listening on ${host}, port ${port} (${cause.code}). Choose another with --port or PORT.`;
      reject(new MillraceError("config_invalid", text, { cause }));
    });
    server.listen({ host, port, backlog: 2_048 }, resolve);
  });
  let grpc: GrpcServer | null = null;
  try {
    if (options.grpcPort !== null)
      grpc = await startGrpc(authz.check, { host, port: options.grpcPort }, authz.onError);
  } catch (error) {
    server.close();
    throw error;
  }
  const { port: given } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${given}`,
    grpcPort: grpc?.port ?? null,
    async close() {
      const timer = setTimeout(() => server.closeAllConnections(), limits.closeMs);
      await Promise.all([
        grpc?.close(),
        new Promise((resolve) => {
          server.close(resolve);
          server.closeIdleConnections();
        }),
      ]);
      clearTimeout(timer);
      meter.close();
      metrics.clear();
    },
  };
}

function metricsOf({ authz, access }: AuthzServiceOptions, meter: ProcessMeter): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  let read = { at: Number.NEGATIVE_INFINITY, figures: meter.read() };
  registerProcesses(registry, () => {
    // One scrape reads each metric separately.
    if (performance.now() - read.at > 500) read = { at: performance.now(), figures: meter.read() };
    return [read.figures];
  });
  registerReplica(registry, access);
  registerChecks(registry, authz);
  return registry;
}

/** Health and metrics. Metrics require the scope `metrics`, except from this machine. */
function operatorRoutes({ authz, access, host }: AuthzServiceOptions, metrics: Registry) {
  const json = (response: ServerResponse, status: number, body: object) =>
    send(response, status, "application/json", JSON.stringify(body));

  async function mayReadMetrics({ authorization }: IncomingMessage["headers"]): Promise<boolean> {
    if (isLoopback(host)) return true;
    const asked = { method: "GET", uri: "/metrics", authorization, cookie: undefined };
    const { holder } = await authz.check(asked);
    return holder?.scopes.includes("metrics") ?? false;
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url!.split("?", 1)[0];
    request.resume();
    try {
      if (path === "/healthz") json(response, 200, { status: "ok" });
      else if (path === "/readyz") {
        const { maps, isStale, processes } = access.state();
        const ready = !isStale && maps.every((map) => map.ageMs !== null);
        json(response, ready ? 200 : 503, { ready, stale: isStale, processes, maps });
      } else if (path === "/metrics" && (await mayReadMetrics(request.headers))) {
        send(response, 200, metrics.contentType, await metrics.metrics());
      } else refuse(response, path === "/metrics" ? "unauthorized" : "not_found");
    } catch (error) {
      authz.onError(error);
      refuse(response, "internal");
    }
  };
}

const refusals = {
  unauthorized: "Metrics require a token with the scope metrics.",
  not_found: "Nothing exists at this address.",
  internal: "Something went wrong on the server.",
} as const;

function refuse(response: ServerResponse, code: keyof typeof refusals): void {
  const error = new MillraceError(code, refusals[code]);
  send(response, error.status, "application/problem+json", JSON.stringify(problemOf(error, "none")));
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response
    .writeHead(status, {
      "content-type": type,
      "content-length": Buffer.byteLength(body),
      "cache-control": "no-store",
    })
    .end(body);
}
