import type { AddressInfo } from "node:net";
import multipart from "@fastify/multipart";
import fastify, { type FastifyBaseLogger, LogController } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { newId } from "../domain/ids.ts";
import type { Engine } from "../engine/engine.ts";
import { MillraceError } from "../errors.ts";
import { answerBrokenRequest, answerError, answerUnknown } from "../http/error-handling.ts";
import { isLoopback, refuseForeign } from "../http/host-check.ts";
import { defaultLimits, type Limits } from "../http/limits.ts";
import { lingerAfter } from "../http/lingering.ts";
import { apiHeaders } from "../http/security-headers.ts";
import { watchSilentConnections } from "../http/silent-connections.ts";
import { watchBodies } from "../http/slow-bodies.ts";
import { deadLetterRoutes } from "./admin/dead-letters.ts";
import { queueRoutes } from "./admin/queues.ts";
import { workerRoutes } from "./admin/workers.ts";
import type { App, ServerContext } from "./context.ts";
import { createEventHub } from "./events/event-hub.ts";
import { createEventStreams } from "./events/event-streams.ts";
import { eventRoutes } from "./events/routes.ts";
import { archiveRoutes } from "./files/archive.ts";
import { artifactRoutes } from "./files/artifacts.ts";
import { healthRoutes } from "./health.ts";
import { itemRoutes } from "./jobs/items.ts";
import { jobRoutes } from "./jobs/routes.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { metricRoutes } from "./metrics/routes.ts";
import { describeApi, serveApiDescription } from "./openapi.ts";
import { serveDocs } from "./page/docs.ts";
import { type Page, servePage } from "./page/page.ts";
import { serveSamples } from "./page/samples.ts";
import { pipelineRoutes } from "./pipelines.ts";
import { limitRate, type RateLimit } from "./rate-limit.ts";
import { watchUnserved } from "./unserved-watch.ts";
import { uploadRoutes } from "./uploads/routes.ts";

export interface ServerOptions {
  engine: Engine;
  /** A loopback name or address, as long as there are no accounts. */
  host: string;
  /** 0: any that is free. */
  port: number;
  /** Folder of the built page; `null` when it is not built. */
  webRoot: string | null;
  /** Folder of sample files that the page offers. */
  samplesRoot: string | null;
  limits?: Partial<Limits>;
  /** `null`: any number of requests. @default null */
  rateLimit?: RateLimit | null;
  /** The address that clients see, where it is not the one they send as `Host`. @default null */
  publicUrl?: string | null;
  logger: FastifyBaseLogger;
  /** Whose everything is while accounts are off. @default {id: "local"} */
  localUser?: { id: string };
}

export interface Server {
  readonly app: App;
  /** Rejects with `config_invalid` when the address cannot be used. */
  listen(): Promise<{ url: string }>;
  /** Ends event streams, lets requests under way finish, and leaves no handle open. The engine stays open. */
  close(): Promise<void>;
}

export async function createServer(options: ServerOptions): Promise<Server> {
  const { engine, logger, localUser = { id: "local" } } = options;
  refusePublicHost(options.host);
  const limits = { ...defaultLimits, ...options.limits };
  const streams = createEventStreams(limits);
  const hub = await createEventHub(engine, logger);
  const unserved = watchUnserved(engine, logger);
  const metrics = await createMetrics(engine, streams.count);
  const app = createApp(limits, logger);
  const endSilent = watchSilentConnections(app.server);
  const endWatch = watchBodies(app, limits);
  const context: ServerContext = {
    engine,
    hub,
    streams,
    metrics,
    unserved,
    limits,
    logger,
    ownerOf: () => localUser.id,
  };

  let page: Page | null = null;
  answerUnknown(app, (request, reply) => {
    if (!page?.answers(request)) return false;
    page.send(reply);
    return true;
  });
  app.setErrorHandler(answerError);
  app.setValidatorCompiler(validatorCompiler);
  // Answers are made of our own records, in the shape of their schemas: they are not checked again.
  app.setSerializerCompiler(() => JSON.stringify);
  addRequestHooks(app, context, options.publicUrl ?? null);
  if (options.rateLimit) limitRate(app, options.rateLimit, context);
  await describeApi(app);
  // Only what is declared is read: text would reach the routes unchecked.
  app.removeContentTypeParser("text/plain");
  await app.register(multipart, { limits: { fileSize: Number.POSITIVE_INFINITY } });

  for (const addRoutes of [
    jobRoutes,
    itemRoutes,
    eventRoutes,
    archiveRoutes,
    artifactRoutes,
    uploadRoutes,
    pipelineRoutes,
    queueRoutes,
    deadLetterRoutes,
    workerRoutes,
    healthRoutes,
    metricRoutes,
  ]) {
    addRoutes(app, context);
  }
  serveApiDescription(app);
  await serveDocs(app);
  await serveSamples(app, options.samplesRoot);
  page = await servePage(app, options.webRoot);
  await app.ready();

  let closing: Promise<void> | null = null;
  return {
    app,
    async listen() {
      try {
        await app.listen({ host: options.host, port: options.port, backlog: 2_048 });
      } catch (error) {
        throw listenError(error, options);
      }
      const { port } = app.server.address() as AddressInfo;
      const host = options.host.includes(":") ? `[${options.host.replace(/[[\]]/g, "")}]` : options.host;
      return { url: `http://${host}:${port}` };
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function closeAll(): Promise<void> {
    streams.close();
    endSilent();
    endWatch();
    const timer = setTimeout(() => app.server.closeAllConnections(), limits.closeMs);
    try {
      await app.close();
    } finally {
      clearTimeout(timer);
      unserved.close();
      await Promise.all([hub.close(), metrics.close()]);
    }
  }
}

function createApp(limits: Limits, logger: FastifyBaseLogger): App {
  const prefix = newId().slice(-8);
  let requests = 0;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // One logger for all: a child for each request costs more than the few lines that are written.
    childLoggerFactory: (parent) => parent,
    genReqId: () => `${prefix}-${(++requests).toString(36)}`,
    bodyLimit: limits.jsonBytes,
    routerOptions: { maxParamLength: 300 },
    return503OnClosing: false,
    requestTimeout: limits.requestMs,
    connectionTimeout: limits.idleMs,
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
    },
    clientErrorHandler: answerBrokenRequest(limits),
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  }).withTypeProvider<ZodTypeProvider>();
  app.server.maxConnections = limits.connections;
  return app;
}

function addRequestHooks(app: App, { metrics }: ServerContext, publicUrl: string | null): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(apiHeaders);
    try {
      refuseForeign(request.headers, request.method, publicUrl);
    } catch (error) {
      done(error as Error);
      return;
    }
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    lingerAfter(request.raw);
    const route = request.routeOptions.url ?? "unknown";
    if (!route.endsWith("/events")) {
      metrics.answered(request.method, route, reply.statusCode, reply.elapsedTime / 1_000);
    }
    done();
  });
}

function refusePublicHost(host: string): void {
  if (isLoopback(host)) return;
  throw new MillraceError(
    "config_invalid",
    `Listening on ${host} needs accounts, which are not available yet. Use 127.0.0.1, and a proxy that signs people in.`,
  );
}

function listenError(error: unknown, { host, port }: ServerOptions): unknown {
  const { code } = error as { code?: string };
  if (code === "EADDRINUSE") {
    return new MillraceError("config_invalid", `Port ${port} is taken. Choose another with --port or PORT.`, {
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL") {
    return new MillraceError(
      "config_invalid",
      `This machine does not let us listen on ${host}, port ${port}.`,
      {
        cause: error,
      },
    );
  }
  return error;
}
