import multipart from "@fastify/multipart";
import type { FastifyBaseLogger, FastifyRequest } from "fastify";
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
import type { Notices } from "../notices/notices.ts";
import type { Access } from "../replica/access.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import { accountAdminRoutes } from "./accounts/admin.ts";
import { authRoutes } from "./accounts/auth.ts";
import { identifyByAccounts } from "./accounts/identify.ts";
import { keyRoutes } from "./accounts/keys.ts";
import { linkRoutes } from "./accounts/links.ts";
import { meRoutes } from "./accounts/me.ts";
import { signInRoutes } from "./accounts/sign-in.ts";
import { usageRoute } from "./accounts/usage.ts";
import { auditAdmins, auditRoute } from "./admin/audit.ts";
import { deadLetterRoutes } from "./admin/dead-letters.ts";
import { historyRoutes } from "./admin/history.ts";
import { operatorJobRoutes } from "./admin/jobs.ts";
import { liveRoute } from "./admin/live.ts";
import { operationRoutes } from "./admin/operations.ts";
import { overviewRoute } from "./admin/overview.ts";
import { queueRoutes } from "./admin/queues.ts";
import { replicaRoute } from "./admin/replicas.ts";
import { revocationRoutes } from "./admin/revocations.ts";
import { timelineRoutes } from "./admin/timeline.ts";
import { workerRoutes } from "./admin/workers.ts";
import { type Application, serveApplication } from "./application.ts";
import { catalogRoutes } from "./catalogs.ts";
import { checkRoutes } from "./checks.ts";
import type { ServerContext } from "./context.ts";
import { createEventHub } from "./events/event-hub.ts";
import { createEventStreams } from "./events/event-streams.ts";
import { createReplayTurns } from "./events/replay-turns.ts";
import { eventRoutes } from "./events/routes.ts";
import { archiveRoutes } from "./files/archive.ts";
import { artifactRoutes } from "./files/artifacts.ts";
import { watchDownloads } from "./files/download-watch.ts";
import { publishedRoutes } from "./files/published.ts";
import { shareRoutes } from "./files/shares.ts";
import { healthRoutes } from "./health.ts";
import { creationRoutes } from "./jobs/creating.ts";
import { itemRoutes } from "./jobs/items.ts";
import { partRoutes } from "./jobs/parts.ts";
import { jobRoutes } from "./jobs/routes.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { createMetrics, type Metrics } from "./metrics/metrics.ts";
import { metricRoutes } from "./metrics/routes.ts";
import { modelUsageRoutes } from "./model-usage.ts";
import { noticeRoutes } from "./notices/routes.ts";
import { type ObjectEvents, objectEventRoutes } from "./object-events.ts";
import { describeApi, serveApiDescription } from "./openapi.ts";
import { serveDocs } from "./page/docs.ts";
import { type Page, servePage } from "./page/page.ts";
import { serveSamples } from "./page/samples.ts";
import { pipelineRoutes } from "./pipelines.ts";
import { presetRoutes } from "./presets.ts";
import { limitRate, type RateLimit } from "./rate-limit.ts";
import { readOwnWrites, tellWrites } from "./read-own-writes.ts";
import { scheduleRoutes } from "./schedules/routes.ts";
import { watchUnserved } from "./unserved-watch.ts";
import { uploadRoutes } from "./uploads/routes.ts";
import { isUpload } from "./uploads/tus-headers.ts";
import { webhookRoutes } from "./webhooks/routes.ts";

export interface ServerOptions {
  engine: Engine;
  /** Folder of the built page. `null` if it is not built. */
  webRoot: string | null;
  /** Folder of sample files for the page. */
  samplesRoot: string | null;
  limits?: Partial<Limits>;
  /** Serve only resumable uploads, health and metrics. @default everything */
  only?: "uploads";
  /** Target time for tasks to start, in seconds, when the number of workers follows demand. @default 10 */
  targetWaitSeconds?: number;
  /** `null` means no limit. @default null */
  rateLimit?: RateLimit | null;
  /** Webhook that turns events of an object store into jobs. @default none */
  objectEvents?: ObjectEvents | null;
  /** Base URL that clients use, if it differs from the `Host` they send. @default null */
  publicUrl?: string | null;
  logger: FastifyBaseLogger;
  /** Returns the log lines that this process lost since the last call. @default none */
  takeLostLines?: () => number;
  /** Passes on reports that other processes send to this one directly. @default none */
  onProcessReport?(hear: Metrics["hearProcess"]): void;
  /** Replicated in-memory maps, already started. The server does not close them. @default none */
  access?: Access | null;
  /** Answers authorization checks of proxies. @default none */
  authz?: Authz | null;
  /** Named options of pipelines. @default none */
  presets?: Presets | null;
  /** Authenticates requests, which may then be for any host name. @default everything belongs to the local user */
  identify?: Identify;
  /** User accounts. Requests may then be for any host name. The server does not close it. @default one local user */
  accounts?: Accounts | null;
  /** Links that let others download without an account. */
  shares: Shares;
  notices: Notices;
  webhooks: Webhooks;
  /** A team's own page and routes. @default none */
  application?: Application | null;
  /** Quotas and usage of owners. @default no quotas */
  quotas?: OwnerQuotas | null;
  /** Networks of proxies whose `X-Forwarded-*` headers are trusted. @default none */
  trustProxy?: readonly string[];
}

/** Where the server listens. */
export interface ListenOptions {
  /** Must be a loopback name or address if accounts are off. */
  host: string;
  /** 0 picks a free port. */
  port: number;
}

export interface Server {
  readonly app: App;
  /** Rejects with `config_invalid` if the address cannot be used. */
  listen(): Promise<{ url: string }>;
  /** Ends event streams, lets running requests finish, and leaves no open handle. The engine stays open. */
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
  publishedRoutes,
  uploadRoutes,
  pipelineRoutes,
  scheduleRoutes,
  webhookRoutes,
  presetRoutes,
  modelUsageRoutes,
  catalogRoutes,
  noticeRoutes,
  queueRoutes,
  deadLetterRoutes,
  operatorJobRoutes,
  overviewRoute,
  historyRoutes,
  operationRoutes,
  auditRoute,
  liveRoute,
  timelineRoutes,
  workerRoutes,
  replicaRoute,
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

/** Routes of a server that takes only uploads, so that they slow nothing else down. */
const uploadServerRoutes = [uploadRoutes, healthRoutes, metricRoutes];

const local: Principal = { owner: "local", isAdmin: true };

export async function createServer(options: ServerOptions & ListenOptions): Promise<Server> {
  if (!options.accounts) refusePublicHost(options.host);
  const server = await createServerApp(options);
  return { ...server, listen: () => server.http.listen({ host: options.host, port: options.port }) };
}

/** All routes, for our own server or an embedding one. */
export async function createServerApp(options: ServerOptions) {
  const { engine, logger, publicUrl = null, access = null, authz = null, presets = null } = options;
  const { accounts = null, trustProxy = [] } = options;
  const identify = accounts ? identifyByAccounts(accounts) : options.identify;
  const limits = { ...defaultLimits, ...options.limits };
  const streams = createEventStreams(limits);
  const hub = await createEventHub(engine, logger, options.notices);
  const unserved = watchUnserved(engine, logger);
  const metrics = await createMetrics(engine, streams, options.takeLostLines, { access, authz });
  options.onProcessReport?.(metrics.hearProcess);
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
  const downloads = watchDownloads(engine, logger);
  const replays = createReplayTurns(limits.replays);
  const context: ServerContext = {
    targetWaitSeconds: options.targetWaitSeconds ?? 10,
    ...{ engine, hub, streams, replays, metrics, downloads, unserved, limits, logger },
    ...{ access, presets, accounts, publicUrl, quotas: options.quotas ?? null },
    ...{ shares: options.shares, notices: options.notices, webhooks: options.webhooks },
  };

  keepForAdmins(app);
  const pages: Page[] = [];
  answerUnknown(app, (request, reply) => {
    const page = pages.find((one) => one.answers(request));
    page?.send(reply);
    return page !== undefined;
  });
  measureAnswers(app, metrics);
  if (access) {
    readOwnWrites(app, access.replica);
    tellWrites(app);
  }
  if (authz && options.only !== "uploads") checkRoutes(app, authz);
  auditAdmins(app, context);
  if (options.rateLimit) limitRate(app, options.rateLimit, context);
  await describeApi(app);
  // Accept only declared content types: plain text would reach the routes unvalidated.
  app.removeContentTypeParser("text/plain");
  await app.register(multipart, { limits: { fileSize: Number.POSITIVE_INFINITY } });
  for (const addRoutes of options.only === "uploads" ? uploadServerRoutes : routes) addRoutes(app, context);
  if (options.only !== "uploads") {
    serveApiDescription(app, publicUrl);
    objectEventRoutes(app, options.objectEvents ?? null);
    await serveDocs(app);
    await serveSamples(app, options.samplesRoot);
    const { application = null } = options;
    const own = application && (await serveApplication(app, application));
    // Millrace's page handles all remaining paths.
    pages.push(...(own ? [own] : []), await servePage(app, options.webRoot));
  }
  await app.ready();

  let closing: Promise<void> | null = null;
  return {
    app,
    http,
    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function closeAll(): Promise<void> {
    streams.close();
    hub.beginClose();
    try {
      await http.close();
    } finally {
      unserved.close();
      await Promise.all([downloads.close(), hub.close(), metrics.close()]);
    }
  }
}

/** Restricts operator routes to admins. Call it after adding authentication, and before adding routes. */
function keepForAdmins(app: App): void {
  app.addHook("onRequest", (request, _, done) => {
    const { principal, routeOptions } = request;
    const isClosed = /^\/(v1\/admin|metrics)(\/|$)/.test(routeOptions.url ?? "");
    // Accounts have already checked the scopes.
    if (isClosed && !principal.isAdmin && !principal.identity)
      throw new MillraceError("forbidden", "Only admins can do this.");
    done();
  });
}

function measureAnswers(app: App, metrics: Metrics): void {
  const isStream = (route: string | undefined) => route?.endsWith("/events") ?? false;
  app.addHook("onRequest", (request, reply, done) => {
    // Also fires if the client disconnects before the response.
    if (!isStream(request.routeOptions.url)) reply.raw.once("close", metrics.began());
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { method, headers, routeOptions } = request;
    if (!isStream(routeOptions.url)) {
      const { traceparent } = headers as { traceparent?: string };
      const seconds = reply.elapsedTime / 1_000;
      metrics.answered(method, routeOf(request), reply.statusCode, seconds, traceparent);
    }
    done();
  });
}

/** A request that waits for its job to end counts as a separate route: its duration says nothing about the server. */
function routeOf({ routeOptions, query }: FastifyRequest): string {
  const isWait = (query as { wait?: unknown } | undefined)?.wait !== undefined;
  return `${routeOptions.url ?? "unknown"}${routeOptions.url !== undefined && isWait ? "?wait" : ""}`;
}

function refusePublicHost(host: string): void {
  if (isLoopback(host)) return;
  throw new MillraceError(
    "config_invalid",
    `Listening on ${host} requires accounts, which are off. Set MILLRACE_AUTH=on, or listen on 127.0.0.1.`,
  );
}
