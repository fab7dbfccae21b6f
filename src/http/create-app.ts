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
  /** The address that clients see, where it is not the one they send as `Host`. */
  publicUrl: string | null;
  /** Requests may come to any host name, as `identify` finds out who sends them. @default false: loopback alone */
  anyHost?: boolean;
  identify: Identify;
  /** Networks whose proxies say where requests come from. @default none */
  trustProxy?: readonly string[];
}

/**
 * An app without routes: its errors are problem documents, its answers have the security headers, requests
 * from elsewhere are refused, and every other request has its `principal`.
 */
export function createApp(options: AppOptions): App {
  const { limits, logger, publicUrl, anyHost = false, identify, trustProxy = [] } = options;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // One logger for all: a child for each request costs more than the few lines that are written.
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
  // Answers are made of our own records, in the shape of their schemas: they are not checked again.
  app.setSerializerCompiler(() => JSON.stringify);
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(apiHeaders);
    // No page of another site can send one without asking first, which nobody answers.
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
