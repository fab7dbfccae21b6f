import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Engine } from "../engine/engine.ts";
import type { Limits } from "../http/limits.ts";
import type { EventHub } from "./events/event-hub.ts";
import type { EventStreams } from "./events/event-streams.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { UnservedWatch } from "./unserved-watch.ts";

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the routes stand on. */
export interface ServerContext {
  engine: Engine;
  hub: EventHub;
  streams: EventStreams;
  metrics: Metrics;
  unserved: UnservedWatch;
  limits: Limits;
  logger: FastifyBaseLogger;
  /** Whose jobs, files and events a request is about. */
  ownerOf(request: Pick<FastifyRequest, "headers">): string;
}
