import { type FastifyBaseLogger, fastify, LogController } from "fastify";
import { validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { newId } from "../domain/ids.ts";
import type { App } from "./app.ts";
import { answerBrokenRequest, answerError } from "./error-handling.ts";
import { refuseForeign } from "./host-check.ts";
import type { HttpLimits } from "./limits.ts";
import { lingerAfter } from "./lingering.ts";
import { type Identify, identifyRequests } from "./principal.ts";
import { apiHeaders } from "./security-headers.ts";

export interface AppOptions {
  limits: HttpLimits;
  logger: FastifyBaseLogger;
  /** Base URL that clients use, if it differs from the `Host` they send. */
  publicUrl: string | null;
  /** Accept requests for any host name, because `identify` authenticates them. @default false: loopback only */
  anyHost?: boolean;
  identify: Identify;
  /** Networks of proxies whose `X-Forwarded-*` headers are trusted. @default none */
  trustProxy?: readonly string[];
}

/**
 * Creates an app without routes. It answers errors with problem documents, sets security headers, rejects
 * cross-site requests, and sets `principal` on every request.
 */
export function createApp(options: AppOptions): App {
  const { limits, logger, publicUrl, anyHost = false, identify, trustProxy = [] } = options;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // One logger for all requests: a child per request costs more than the few lines that are written.
    childLoggerFactory: (parent) => parent,
    genReqId: requestIds(),
    bodyLimit: limits.jsonBytes,
    routerOptions: { maxParamLength: 300 },
    return503OnClosing: false,
    trustProxy: trustProxy.length > 0 && [...trustProxy],
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
  app.setErrorHandler(answerError);
  app.setValidatorCompiler(validatorCompiler);
  // Responses are built from our own records in the shape of their schemas, so checking them again is a waste.
  app.setSerializerCompiler(() => JSON.stringify);
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(apiHeaders);
    // A page of another site cannot send this header without a CORS preflight, and we answer none.
    const hasBearer = anyHost && /^Bearer /i.test(request.headers.authorization ?? "");
    if (!hasBearer && !request.routeOptions.config.isOpen)
      refuseForeign(request.headers, request.method, { publicUrl, anyHost });
    done();
  });
  identifyRequests(app, identify);
  app.addHook("onResponse", (request, _, done) => {
    lingerAfter(request.raw);
    done();
  });
  return app;
}

function requestIds(): () => string {
  const prefix = newId().slice(-8);
  let requests = 0;
  return () => `${prefix}-${(++requests).toString(36)}`;
}
