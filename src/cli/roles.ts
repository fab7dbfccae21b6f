import { constants, setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { WRITER_ENV } from "../compose/child-environment.ts";
import { budgetBytes, type Config, type ResolvedConfig } from "../compose/config.ts";
import { pageFolder, samplesFolder } from "../compose/package-folders.ts";
import { closeData } from "../compose/private-data.ts";
import { MillraceError } from "../errors.ts";
import type { BeatMessage } from "../supervisor/heartbeat.ts";
import { machineBudget } from "../supervisor/memory.ts";
import type { ChildMessage } from "../supervisor/supervisor.ts";
import { addConfigFlags, addListenFlags, configOf } from "./flags.ts";
import { stopOnSignal } from "./stop.ts";

/** Ends a process that a step does not let end by itself. */
const EXIT_STUCK = 75;
/** A signal does not wait for longer until a role that has begun can be ended in order. */
const LONGEST_START_MS = 10_000;

export function addRoles(program: Command): void {
  addListenFlags(addConfigFlags(program.command("api")))
    .description("run the API alone, on servers that can be shared")
    .action((_, command: Command) => role(command, runApi));
  addListenFlags(addConfigFlags(program.command("authz")))
    .description("run the authorization service alone, on servers that can be shared")
    .action((_, command: Command) => role(command, runAuthz));
  addConfigFlags(program.command("worker"))
    .description("run one worker alone, on servers that can be shared")
    .action((_, command: Command) => role(command, runWorker));
}

interface Role {
  /** What the supervisor, or whoever started the role, wants to know. */
  details: { url?: string; worker?: string; adminLink?: string };
  stop(): Promise<void>;
}

/** @param begins called before the role takes its first task, or its first request */
type Run = (resolved: ResolvedConfig, writer: string | null, begins: () => void) => Promise<Role>;

/** Runs one role until it is told to stop, or its supervisor is gone. */
async function role(command: Command, run: Run): Promise<void> {
  endWithSupervisor();
  answerSupervisor();
  const start = endInOrder();
  const writer = process.env[WRITER_ENV] ?? null;
  let running: Role;
  try {
    const resolved = await configOf(command);
    // A supervisor has done so.
    if (!process.connected)
      for (const line of await closeData(resolved.config)) console.error(`millrace: ${line}`);
    running = await run(resolved, writer, start.begins);
    start.ended.resolve(running);
  } catch (error) {
    start.ended.resolve(null);
    await tell({
      kind: "refused",
      message: error instanceof MillraceError ? error.message : String((error as Error).stack),
    });
    if (process.connected) process.exit(1);
    throw error;
  }
  if (process.connected) await tell({ kind: "ready", details: running.details });
  else {
    const { url, worker, adminLink } = running.details;
    console.log(url ? `Millrace listens on ${url}` : `Worker ${worker} runs`);
    if (adminLink) console.log(`Make the first admin's account: ${adminLink}`);
  }
}

/**
 * A signal ends the role in order, from its first task or request on: those come before its start has ended, and what
 * runs then is finished, too. Before them, there is nothing to end.
 */
function endInOrder() {
  const ended = Promise.withResolvers<Role | null>();
  let hasBegun = false;
  const stop = async () => {
    if (!hasBegun) return;
    const running = await Promise.race([ended.promise, sleep(LONGEST_START_MS, null, { ref: false })]);
    await running?.stop().finally(() => tell({ kind: "stopped" }));
  };
  // Under a supervisor, the terminal's signal is the supervisor's to answer.
  if (process.connected) process.on("SIGINT", () => {});
  stopOnSignal(stop, process.connected ? ["SIGTERM"] : ["SIGTERM", "SIGINT", "SIGHUP"]);
  return {
    ended,
    begins() {
      hasBegun = true;
    },
  };
}

/**
 * The records went with the supervisor: there is nothing to end in order, nor native code to wait for. Called
 * before anything is opened, as a supervisor may be gone before its child has begun: `connected` is false then,
 * and undefined where there never was one. A thread of `bin/millrace.js` does it where this process is blocked.
 */
function endWithSupervisor(): void {
  const end = () => process.kill(process.pid, "SIGKILL");
  process.on("disconnect", end);
  if (process.connected === false) end();
}

/** For how long a step may block this process, so that its supervisor waits for an answer. */
let busyMs = 0;

function answerSupervisor(): void {
  process.on("message", ({ kind }: BeatMessage) => {
    if (kind === "beat") void tell({ kind, busyMs });
  });
}

/** Resolves when the supervisor, if there is one, has it or is gone. */
async function tell(message: ChildMessage): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => process.send!(message, () => resolve()));
}

const runApi: Run = async ({ config, inline }, writer, begins) => {
  // Loaded here, so that commands which need no server do not wait for it.
  const { createServer } = await import("../server/index.ts");
  const { createPresets } = await import("../engine/presets.ts");
  const { startScheduler } = await import("../engine/scheduler.ts");
  const { openLimiter } = await import("../compose/adapters.ts");
  const { openEngine } = await import("../compose/open-engine.ts");
  const { accessOf } = await import("../compose/access.ts");
  const { openAuthz } = await import("../compose/authz.ts");
  const { startObjectEvents } = await import("../compose/object-events.ts");
  const { openAccounts, ownTokens } = await import("../compose/accounts.ts");
  const { createLogger, stepLog } = await import("../compose/logger.ts");
  const { logger, takeLostLines } = createLogger(config.logLevel, "api");
  const { engine, replica, quotas, shares, close } = await openEngine(
    { config, writer },
    inline,
    stepLog(logger),
  );
  const access = accessOf(config, replica, engine);
  const presets = createPresets(replica, engine);
  const limits = config.rateLimit > 0 || config.auth === "on";
  const limiter = limits ? await openLimiter({ config, writer }) : null;
  const accounts =
    limiter &&
    (await openAccounts(config, { engine, access, quotas, shares, presets, limiter, log: stepLog(logger) }));
  const authz = openAuthz(config, access, {
    own: accounts ? [ownTokens(accounts.identities)] : [],
    now: engine.store.now,
    log: stepLog(logger),
  });
  await access.start();
  await authz.start();
  const events = await startObjectEvents(config, engine, stepLog(logger));
  const secret = config.objectEventsSecret;
  const server = await createServer({
    engine,
    host: config.host,
    port: config.port,
    publicUrl: config.publicUrl,
    webRoot: pageFolder(),
    samplesRoot: samplesFolder(),
    limits: { ownerStreams: config.quotaStreams },
    objectEvents: events && secret !== null ? { jobs: events.jobs, secret } : null,
    rateLimit: limiter && { limiter, perMinute: config.rateLimit },
    access,
    authz: authz.authz,
    presets,
    accounts,
    quotas,
    shares,
    trustProxy: config.trustProxy,
    logger,
    takeLostLines,
  });
  begins();
  const { url } = await server.listen();
  const scheduler = startScheduler(engine, stepLog(logger));
  const adminLink = await accounts?.firstAdminLink();
  return {
    details: { url, ...(adminLink && { adminLink: linkBase(config, url) + adminLink }) },
    async stop() {
      await events?.close();
      await server.close();
      await accounts?.close();
      await scheduler.close();
      await limiter?.close();
      authz.close();
      await access.close();
      await close();
    },
  };
};

/** Where people open links: the public address, or this machine's where the server listens on all of its own. */
function linkBase({ publicUrl }: Config, url: string): string {
  return publicUrl?.replace(/\/$/, "") ?? url.replace(/\/\/(0\.0\.0\.0|\[::\])/, "//localhost");
}

async function runAuthz({ config }: ResolvedConfig, writer: string | null): Promise<Role> {
  const { openAuthzParts } = await import("../compose/authz-service.ts");
  const { startAuthzService } = await import("../authz/service.ts");
  const { createLogger, stepLog } = await import("../compose/logger.ts");
  const { logger } = createLogger(config.logLevel, "authz");
  const { authz, access, close } = await openAuthzParts({ config, writer }, stepLog(logger));
  const { host, port, authzGrpcPort: grpcPort } = config;
  const service = await startAuthzService({ authz, access, host, port, grpcPort });
  return {
    details: { url: service.url },
    async stop() {
      await service.close();
      await close();
    },
  };
}

const runWorker: Run = async (resolved, writer, begins) => {
  const { config, inline } = resolved;
  // Work gives way to the API on a busy machine.
  if (writer !== null) setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const { startWorker } = await import("../worker/worker.ts");
  const { GRACE_MS } = await import("../engine/until-aborted.ts");
  const { openEngine } = await import("../compose/open-engine.ts");
  const { stepSource } = await import("../compose/step-source.ts");
  const { createLogger, stepLog } = await import("../compose/logger.ts");
  const { logger, takeLostLines } = createLogger(config.logLevel, "worker");
  const { engine, replica, close } = await openEngine({ config, writer }, inline, stepLog(logger));
  if (engine.catalogs.list().length > 0) await replica.start();
  const steps = engine.pipelines.list().flatMap((pipeline) => pipeline.steps);
  busyMs = Math.max(...steps.map((step) => step.timeoutMs)) + GRACE_MS;
  await tell({ kind: "beat", busyMs });
  begins();
  const worker = await startWorker({
    engine,
    log: stepLog(logger),
    takeLostLines,
    concurrency: config.concurrency ?? undefined,
    // Workers of one supervisor share the memory of their machine.
    memoryMiB: config.memoryMiB / (process.connected ? Math.max(1, config.workers) : 1),
    renewer: {
      opener: new URL("../compose/lease-store.ts", import.meta.url).href,
      config: { config, writer },
    },
    memory: machineBudget(budgetBytes(config)),
    steps: stepSource(resolved),
    onStuck() {
      logger.error("a step ignores its signal: this worker drains and ends");
      void worker
        .drain()
        .finally(() => tell({ kind: "stopped" }))
        .finally(() => process.exit(EXIT_STUCK));
    },
  });
  return {
    details: { worker: worker.id },
    async stop() {
      await worker.drain();
      await close();
    },
  };
};
