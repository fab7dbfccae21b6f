import multipart from "@fastify/multipart";
import type { FastifyBaseLogger } from "fastify";
import type { Accounts } from "../accounts/accounts.ts";
import type { OwnerQuotas } from "../accounts/quotas.ts";
import type { Shares } from "../accounts/shares.ts";
import type { Authz } from "../authz/authz.ts";
import type { Engine } from "../engine/engine.ts";
import type { Presets } from "../engine/presets.ts";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { answerUnknown } from "../http/error-handling.ts";
import { isLoopback } from "../http/host-check.ts";
import { createHttpServer } from "../http/http-server.ts";
import type { Identify, Principal } from "../http/principal.ts";
import type { Access } from "../replica/access.ts";
import { accountAdminRoutes } from "./accounts/admin.ts";
import { authRoutes } from "./accounts/auth.ts";
import { identifyByAccounts } from "./accounts/identify.ts";
import { keyRoutes } from "./accounts/keys.ts";
import { linkRoutes } from "./accounts/links.ts";
import { meRoutes } from "./accounts/me.ts";
import { signInRoutes } from "./accounts/sign-in.ts";
import { usageRoute } from "./accounts/usage.ts";
import { deadLetterRoutes } from "./admin/dead-letters.ts";
import { queueRoutes } from "./admin/queues.ts";
import { revocationRoutes } from "./admin/revocations.ts";
import { timelineRoutes } from "./admin/timeline.ts";
import { workerRoutes } from "./admin/workers.ts";
import { catalogRoutes } from "./catalogs.ts";
import { checkRoutes } from "./checks.ts";
import type { ServerContext } from "./context.ts";
import { createEventHub } from "./events/event-hub.ts";
import { createEventStreams } from "./events/event-streams.ts";
import { createReplayTurns } from "./events/replay-turns.ts";
import { eventRoutes } from "./events/routes.ts";
import { archiveRoutes } from "./files/archive.ts";
import { artifactRoutes } from "./files/artifacts.ts";
import { shareRoutes } from "./files/shares.ts";
import { healthRoutes } from "./health.ts";
import { creationRoutes } from "./jobs/creating.ts";
import { itemRoutes } from "./jobs/items.ts";
import { partRoutes } from "./jobs/parts.ts";
import { jobRoutes } from "./jobs/routes.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import { metricRoutes } from "./metrics/routes.ts";
import { type ObjectEvents, objectEventRoutes } from "./object-events.ts";
import { describeApi, serveApiDescription } from "./openapi.ts";
import { serveDocs } from "./page/docs.ts";
import { type Page, servePage } from "./page/page.ts";
import { serveSamples } from "./page/samples.ts";
import { pipelineRoutes } from "./pipelines.ts";
import { presetRoutes } from "./presets.ts";
import { limitRate, type RateLimit } from "./rate-limit.ts";
import { readOwnWrites } from "./read-own-writes.ts";
import { scheduleRoutes } from "./schedules/routes.ts";
import { watchUnserved } from "./unserved-watch.ts";
import { uploadRoutes } from "./uploads/routes.ts";
import { isUpload } from "./uploads/tus-headers.ts";

export interface ServerOptions {
  engine: Engine;
  /** Folder of the built page; `null` when it is not built. */
  webRoot: string | null;
  /** Folder of sample files that the page offers. */
  samplesRoot: string | null;
  limits?: Partial<Limits>;
  /** `null`: any number of requests. @default null */
  rateLimit?: RateLimit | null;
  /** What a store announces to the webhook becomes jobs. @default there is no such webhook */
  objectEvents?: ObjectEvents | null;
  /** The address that clients see, where it is not the one they send as `Host`. @default null */
  publicUrl?: string | null;
  logger: FastifyBaseLogger;
  /** Lines of this process's log that were lost since the last call. @default none */
  takeLostLines?: () => number;
  /** Maps that all processes keep in memory, started. The server does not close them. @default none */
  access?: Access | null;
  /** Answers proxies that ask who may do what. @default nobody does */
  authz?: Authz | null;
  /** Named options of pipelines. @default there are none */
  presets?: Presets | null;
  /** Finds out who sends a request, to whatever host name. @default everything is the local user's */
  identify?: Identify;
  /** Users sign in, to whatever host name. The server does not close them. @default everything is the local user's */
  accounts?: Accounts | null;
  /** Links by which others download. */
  shares: Shares;
  /** What owners may have, and have. @default any number of anything */
  quotas?: OwnerQuotas | null;
  /** Networks whose proxies say where requests come from. @default none */
  trustProxy?: readonly string[];
}

/** Where a server of its own listens. */
export interface ListenOptions {
  /** A loopback name or address, where there are no accounts. */
  host: string;
  /** 0: any that is free. */
  port: number;
}

export interface Server {
  readonly app: App;
  /** Whether a request that no route answers is for the page. */
  readonly page: Page;
  /** Rejects with `config_invalid` when the address cannot be used. */
  listen(): Promise<{ url: string }>;
  /** Ends event streams, lets requests under way finish, and leaves no handle open. The engine stays open. */
  close(): Promise<void>;
}

const routes = [
  creationRoutes,
  jobRoutes,
  itemRoutes,
  partRoutes,
  eventRoutes,
  archiveRoutes,
  artifactRoutes,
  shareRoutes,
  uploadRoutes,
  pipelineRoutes,
  scheduleRoutes,
  presetRoutes,
  catalogRoutes,
  queueRoutes,
  deadLetterRoutes,
  timelineRoutes,
  workerRoutes,
  revocationRoutes,
  authRoutes,
  linkRoutes,
  signInRoutes,
  meRoutes,
  usageRoute,
  keyRoutes,
  accountAdminRoutes,
  healthRoutes,
  metricRoutes,
];

const local: Principal = { owner: "local", isAdmin: true };

export async function createServer(options: ServerOptions & ListenOptions): Promise<Server> {
  if (!options.accounts) refusePublicHost(options.host);
  const server = await createServerApp(options);
  return { ...server, listen: () => server.http.listen({ host: options.host, port: options.port }) };
}

/** All routes, for a server of our own or of somebody else. */
export async function createServerApp(options: ServerOptions) {
  const { engine, logger, publicUrl = null, access = null, authz = null, presets = null } = options;
  const { accounts = null, trustProxy = [] } = options;
  const identify = accounts ? identifyByAccounts(accounts) : options.identify;
  const limits = { ...defaultLimits, ...options.limits };
  const streams = createEventStreams(limits);
  const hub = await createEventHub(engine, logger);
  const unserved = watchUnserved(engine, logger);
  const metrics = await createMetrics(engine, streams, options.takeLostLines, { access, authz });
  const http = createHttpServer({
    limits,
    logger,
    publicUrl,
    trustProxy,
    isUpload,
    anyHost: identify !== undefined,
    identify: identify ?? (() => local),
  });
  const { app } = http;
  const replays = createReplayTurns(limits.replays);
  const context: ServerContext = {
    ...{ engine, hub, streams, replays, metrics, unserved, limits, logger },
    ...{ access, presets, accounts, publicUrl, quotas: options.quotas ?? null, shares: options.shares },
  };

  keepForAdmins(app);
  let page: Page | null = null;
  answerUnknown(app, (request, reply) => {
    if (!page?.answers(request)) return false;
    page.send(reply);
    return true;
  });
  measureAnswers(app, metrics);
  if (access) readOwnWrites(app, access.replica);
  if (authz) checkRoutes(app, authz);
  if (options.rateLimit) limitRate(app, options.rateLimit, context);
  await describeApi(app);
  // Only what is declared is read: text would reach the routes unchecked.
  app.removeContentTypeParser("text/plain");
  await app.register(multipart, { limits: { fileSize: Number.POSITIVE_INFINITY } });
  for (const addRoutes of routes) addRoutes(app, context);
  objectEventRoutes(app, options.objectEvents ?? null);
  serveApiDescription(app);
  await serveDocs(app);
  await serveSamples(app, options.samplesRoot);
  page = await servePage(app, options.webRoot);
  await app.ready();

  let closing: Promise<void> | null = null;
  return {
    app,
    http,
    page,
    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function closeAll(): Promise<void> {
    streams.close();
    try {
      await http.close();
    } finally {
      unserved.close();
      await Promise.all([hub.close(), metrics.close()]);
    }
  }
}

/** What concerns all owners: called after it is known who asks, and before the routes are added. */
function keepForAdmins(app: App): void {
  app.addHook("onRequest", (request, _, done) => {
    const { principal, routeOptions } = request;
    const isClosed = /^\/(v1\/admin|metrics)(\/|$)/.test(routeOptions.url ?? "");
    // Accounts have looked at the scopes already.
    if (isClosed && !principal.isAdmin && !principal.identity)
      throw new MillraceError("forbidden", "This is for admins.");
    done();
  });
}

function measureAnswers(app: App, metrics: Metrics): void {
  app.addHook("onResponse", (request, reply, done) => {
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
    `Listening on ${host} needs accounts, which are off. Set MILLRACE_AUTH=on, or listen on 127.0.0.1.`,
  );
}
