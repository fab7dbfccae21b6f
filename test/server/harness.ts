import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { Accounts } from "../../src/accounts/accounts.ts";
import type { Shares } from "../../src/accounts/shares.ts";
import { accessOf } from "../../src/compose/access.ts";
import { openAccounts, ownTokens } from "../../src/compose/accounts.ts";
import { openLimiter } from "../../src/compose/adapters.ts";
import { openApplication } from "../../src/compose/application/open.ts";
import { openAuthz } from "../../src/compose/authz.ts";
import { budgetBytes, resolveConfig, type UserConfig } from "../../src/compose/config.ts";
import { startEmbedded } from "../../src/compose/embedded.ts";
import { stepLog } from "../../src/compose/logger.ts";
import { openMailer, startNotices } from "../../src/compose/notices.ts";
import { startObjectEvents } from "../../src/compose/object-events.ts";
import { openEngine } from "../../src/compose/open-engine.ts";
import { stepSource } from "../../src/compose/step-source.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { createPresets, type Presets } from "../../src/engine/presets.ts";
import { sharedMemory } from "../../src/engine/shared-memory.ts";
import type { MailTimes } from "../../src/notices/mail-sender.ts";
import type { Notices } from "../../src/notices/notices.ts";
import type { Pipeline } from "../../src/pipeline/pipeline.ts";
import type { Limiter } from "../../src/ports/limiter.ts";
import type { Access } from "../../src/replica/access.ts";
import { createServer, type Limits } from "../../src/server/index.ts";
import type { Webhooks } from "../../src/webhooks/webhooks.ts";
import { startWorker } from "../../src/worker/worker.ts";

/** A server on a free port, with the embedded adapters in a separate folder and a worker in this process. */
export interface Running {
  url: string;
  port: number;
  data: string;
  engine: Engine;
  limiter: Limiter | null;
  access: Access;
  accounts: Accounts | null;
  presets: Presets;
  shares: Shares;
  notices: Notices;
  webhooks: Webhooks;
  /** Log lines of warnings and errors. */
  log: string[];
  close(): Promise<void>;
}

export interface RunningOptions {
  pipelines?: Pipeline[];
  limits?: Partial<Limits>;
  webRoot?: string;
  samplesRoot?: string;
  /** Requests per minute. @default 0 */
  rateLimit?: number;
  worker?: boolean;
  /** Settings as environment variables. */
  env?: Record<string, string>;
  /** Whether to include the worker's log lines in the server's. @default false */
  workerLog?: boolean;
  /** Turns on accounts with these settings. @default off */
  accounts?: { [setting: string]: string };
  /** Private networks that file URLs may point to. */
  outgoingAllow?: string[];
  /** When to attempt and retry mails. */
  mailTimes?: MailTimes;
  /** Delays between webhook attempts, in ms. @default as in production */
  webhookDelays?: number[];
  /** Buckets whose objects become jobs, and how their events arrive. */
  objectEvents?: { routes: UserConfig["objectEvents"]; queue?: string; secret?: string };
}

export async function start(options: RunningOptions = {}): Promise<Running> {
  const data = await mkdtemp(join(tmpdir(), "millrace-server-"));
  const resolved = await resolveConfig(
    {
      ...{ data, logLevel: "silent", outgoingAllow: options.outgoingAllow },
      ...objectSettings(options),
      ...(options.accounts && { auth: "on", ...options.accounts }),
    },
    options.env ?? {},
    data,
  );
  const { config } = resolved;
  const writer = await startEmbedded(config);
  const wiring = { config, writer: writer?.socketPath ?? null };
  const log: string[] = [];
  const logger = pino({ level: "warn" }, { write: (line) => void log.push(line) });
  const opened = await openEngine(wiring, options.pipelines);
  const { engine, replica, quotas, shares, notices, webhooks, close: closeEngine } = opened;
  const limiter = options.rateLimit || options.accounts ? await openLimiter(wiring) : null;
  const events = await startObjectEvents(config, engine, stepLog(logger));
  const access = accessOf(config, replica, engine);
  const presets = createPresets(replica, engine);
  const mailer = openMailer(config);
  const accounts =
    limiter &&
    (await openAccounts(config, {
      ...{ engine, access, quotas, shares, presets, webhooks, limiter, mailer, notices },
      log: stepLog(logger),
    }));
  const own = accounts ? [ownTokens(accounts.identities)] : [];
  const authz = openAuthz(config, access, { own, now: engine.store.now, log: stepLog(logger) });
  await access.start();
  await authz.start();
  const server = await createServer({
    engine,
    host: "127.0.0.1",
    port: 0,
    webRoot: options.webRoot ?? null,
    samplesRoot: options.samplesRoot ?? null,
    limits: options.limits,
    objectEvents: events && { jobs: events.jobs, secret: config.objectEventsSecret ?? "" },
    access,
    authz: authz.authz,
    presets,
    rateLimit: limiter && { limiter, perMinute: options.rateLimit ?? 0 },
    accounts,
    application: await openApplication(config, engine),
    quotas,
    shares,
    notices,
    webhooks,
    publicUrl: config.publicUrl,
    trustProxy: config.trustProxy,
    logger,
  });
  const { url } = await server.listen();
  const noticing = startNotices(mailer, {
    ...{ engine, notices, log: stepLog(logger), times: options.mailTimes },
  });
  const worker =
    options.worker === false
      ? null
      : await startWorker({
          engine,
          log: stepLog(options.workerLog ? logger : pino({ level: "silent" })),
          renewer: {
            opener: new URL("../../src/compose/lease-store.ts", import.meta.url).href,
            config: wiring,
          },
          memory: sharedMemory(budgetBytes(resolved.config)),
          steps: stepSource(resolved),
          onStuck: () => {},
        });
  const deliverer =
    options.worker === false
      ? null
      : await opened.deliver(stepLog(logger), { delays: options.webhookDelays });
  return {
    url,
    port: Number(new URL(url).port),
    data,
    engine,
    limiter,
    access,
    accounts,
    presets,
    shares,
    notices,
    webhooks,
    log,
    async close() {
      await events?.close();
      await server.close();
      await worker?.drain();
      await deliverer?.close();
      await accounts?.close();
      await noticing.close();
      await limiter?.close();
      authz.close();
      await access.close();
      await closeEngine();
      await writer?.close();
      await rm(data, { recursive: true, force: true });
    },
  };
}

function objectSettings({ objectEvents: given }: RunningOptions) {
  return given
    ? {
        objectEvents: JSON.stringify(given.routes),
        objectEventsQueue: given.queue,
        objectEventsSecret: given.secret,
      }
    : {};
}
