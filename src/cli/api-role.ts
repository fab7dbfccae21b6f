import type { Config, ResolvedConfig } from "../compose/config.ts";
import { pageFolder, samplesFolder } from "../compose/package-folders.ts";
import type { ProcessReport } from "../engine/processes/figures.ts";
import type { SupervisorReport } from "../supervisor/supervisor.ts";
import type { Role } from "./role.ts";

export async function runApi(
  only: "uploads" | undefined,
  { config, inline }: ResolvedConfig,
  writer: string | null,
  begins: () => void,
): Promise<Role> {
  // Loaded here to keep commands without a server fast.
  const { createServer } = await import("../server/index.ts");
  const { createPresets } = await import("../engine/presets.ts");
  const { startScheduler } = await import("../engine/scheduler.ts");
  const { openLimiter } = await import("../compose/adapters.ts");
  const { openApplication } = await import("../compose/application/open.ts");
  const { ownPipelines } = await import("../compose/load-pipelines.ts");
  const { openEngine } = await import("../compose/open-engine.ts");
  const { accessOf } = await import("../compose/access.ts");
  const { openAuthz } = await import("../compose/authz.ts");
  const { startObjectEvents } = await import("../compose/object-events.ts");
  const { openMailer, startNotices } = await import("../compose/notices.ts");
  const { openAccounts, ownTokens } = await import("../compose/accounts.ts");
  const { createLogger, stepLog } = await import("../compose/logger.ts");
  const { logger, takeLostLines } = createLogger(config.logLevel, "api");
  const { engine, replica, quotas, shares, notices, webhooks, close } = await openEngine(
    { config, writer },
    inline,
    stepLog(logger),
  );
  const access = accessOf(config, replica, engine);
  const presets = createPresets(replica, engine);
  const limits = config.rateLimit > 0 || config.auth === "on";
  const limiter = limits ? await openLimiter({ config, writer }) : null;
  const mailer = openMailer(config);
  const accounts =
    limiter &&
    (await openAccounts(config, {
      ...{ engine, access, quotas, shares, presets, webhooks, limiter, mailer, notices },
      log: stepLog(logger),
    }));
  const authz = openAuthz(config, access, {
    own: accounts ? [ownTokens(accounts.identities)] : [],
    now: engine.store.now,
    log: stepLog(logger),
  });
  await access.start();
  await authz.start();
  const events = only ? null : await startObjectEvents(config, engine, stepLog(logger));
  const secret = config.objectEventsSecret;
  const application = only ? null : await openApplication(config, engine);
  const server = await createServer({
    engine,
    only,
    host: config.host,
    port: config.port,
    publicUrl: config.publicUrl,
    webRoot: pageFolder(),
    samplesRoot: samplesFolder(),
    limits: { ownerStreams: config.quotaStreams },
    targetWaitSeconds: config.targetWait,
    objectEvents: events && secret !== null ? { jobs: events.jobs, secret } : null,
    rateLimit: limiter && { limiter, perMinute: config.rateLimit },
    access,
    authz: authz.authz,
    presets,
    accounts,
    application,
    quotas,
    shares,
    notices,
    webhooks,
    trustProxy: config.trustProxy,
    logger,
    takeLostLines,
    onProcessReport: hearSupervisor,
  });
  begins();
  const { url } = await server.listen();
  // An upload server leaves installation-wide work to other processes.
  const scheduler = only ? null : startScheduler(engine, stepLog(logger));
  const noticing = only ? null : startNotices(mailer, { engine, notices, log: stepLog(logger) });
  const adminLink = only ? null : await accounts?.firstAdminLink();
  return {
    details: {
      url,
      pipelines: ownPipelines(engine.pipelines),
      ...(application && { app: application.path }),
      ...(adminLink && { adminLink: linkBase(config, url) + adminLink }),
    },
    async stop() {
      await events?.close();
      await server.close();
      await accounts?.close();
      await Promise.all([scheduler?.close(), noticing?.close()]);
      await limiter?.close();
      authz.close();
      await access.close();
      await close();
      return 0;
    },
  };
}

/** Receives the supervisor's figures, so that it needs no bus. */
function hearSupervisor(hear: (report: ProcessReport) => void): void {
  process.on("message", (message: SupervisorReport) => {
    if (message.kind === "process") hear(message.report);
  });
}

/** Base URL of links: the public URL, or localhost if the server listens on all interfaces. */
function linkBase({ publicUrl }: Config, url: string): string {
  return publicUrl?.replace(/\/$/, "") ?? url.replace(/\/\/(0\.0\.0\.0|\[::\])/, "//localhost");
}
