import { setTimeout as sleep } from "node:timers/promises";
import { type Command, Option } from "commander";
import { WRITER_ENV } from "../compose/child-environment.ts";
import type { ResolvedConfig } from "../compose/config.ts";
import { closeData } from "../compose/private-data.ts";
import { MillraceError } from "../errors.ts";
import type { RetireMessage } from "../supervisor/supervisor.ts";
import { runApi } from "./api-role.ts";
import { addConfigFlags, addFlags, addListenFlags, configOf } from "./flags.ts";
import type { Role, Run } from "./role.ts";
import { stopOnSignal } from "./stop.ts";
import { answerSupervisor, endWithSupervisor, tell } from "./supervisor-link.ts";
import { runWorker } from "./worker-role.ts";

/** How long a signal waits for a starting role until it can be stopped gracefully. */
const LONGEST_START_MS = 10_000;

export function addRoles(program: Command): void {
  addListenFlags(addConfigFlags(program.command("api")))
    .description("run only the API, with a shared store and broker")
    .addOption(new Option("--only <part>", "serve only resumable uploads").choices(["uploads"]))
    .action((flags: { only?: "uploads" }, command: Command) =>
      role(command, (...given) => runApi(flags.only, ...given)),
    );
  addListenFlags(addConfigFlags(program.command("authz")))
    .description("run only the authorization service, with a shared store")
    .action((_, command: Command) => role(command, runAuthz));
  addConfigFlags(program.command("worker"))
    .description("run one worker, with a shared store and broker")
    .action((_, command: Command) => role(command, runWorker));
  addFlags(addConfigFlags(program.command("autoscale")), ["workers"])
    .description("run workers that follow demand, with a shared store and broker")
    .addHelpText("after", "\nExample:\n  millrace autoscale --workers 0..8")
    .action(async (_, command: Command) => (await import("./autoscale.ts")).autoscale(command));
}

/** Runs one role until it is stopped or its supervisor exits. */
async function role(command: Command, run: Run): Promise<void> {
  endWithSupervisor();
  answerSupervisor();
  const start = endInOrder();
  const writer = process.env[WRITER_ENV] ?? null;
  let running: Role;
  try {
    const resolved = await configOf(command);
    // A supervisor has already done this.
    if (!process.connected)
      for (const line of await closeData(resolved.config)) console.error(`millrace: ${line}`);
    running = await run(resolved, writer, start.begins);
    start.ended.resolve(running);
  } catch (error) {
    start.ended.resolve(null);
    await tell({
      kind: "refused",
      message: error instanceof MillraceError ? error.message : String((error as Error).stack),
      retryable: error instanceof MillraceError && error.retryable,
    });
    if (process.connected) process.exit(1);
    throw error;
  }
  if (process.connected) await tell({ kind: "ready", details: running.details });
  else {
    const { url, worker, adminLink } = running.details;
    console.log(url ? `Millrace listens on ${url}` : `Worker ${worker} runs`);
    if (adminLink) console.log(`Create the first admin account: ${adminLink}`);
  }
}

/**
 * Makes signals stop the role gracefully. Applies from its first task or request on, which may come before its start
 * has finished, so that this work is completed as well. Before that, the process just exits.
 */
function endInOrder() {
  const ended = Promise.withResolvers<Role | null>();
  let hasBegun = false;
  const stop = async (ms?: number) => {
    if (!hasBegun) return;
    const running = await Promise.race([ended.promise, sleep(LONGEST_START_MS, null, { ref: false })]);
    let interrupted: number | undefined;
    try {
      interrupted = await running?.stop(ms);
    } finally {
      await tell({ kind: "stopped", interrupted: interrupted ?? 0 });
    }
  };
  // Retiring waits without a limit, but a signal that arrives meanwhile still sets one.
  process.on("message", ({ kind }: RetireMessage) => {
    if (kind === "retire") void stop(Number.POSITIVE_INFINITY).finally(() => process.exit(0));
  });
  // Under a supervisor, the supervisor handles the terminal's signal.
  if (process.connected) process.on("SIGINT", () => {});
  stopOnSignal(() => stop(), process.connected ? ["SIGTERM"] : ["SIGTERM", "SIGINT", "SIGHUP"]);
  return {
    ended,
    begins() {
      hasBegun = true;
    },
  };
}

async function runAuthz({ config }: ResolvedConfig, writer: string | null): Promise<Role> {
  const { openAuthzParts } = await import("../compose/authz-service.ts");
  const { startAuthzService } = await import("../authz/service.ts");
  const { createLogger, stepLog } = await import("../compose/logger.ts");
  const { logger } = createLogger(config.logLevel, "authz");
  const { reportOnBus } = await import("../engine/processes/reports.ts");
  const { authz, access, bus, close } = await openAuthzParts({ config, writer }, stepLog(logger));
  const { host, port, authzGrpcPort: grpcPort } = config;
  const service = await startAuthzService({ authz, access, host, port, grpcPort });
  const reports = reportOnBus({ bus }, "authz");
  return {
    details: { url: service.url },
    async stop() {
      await service.close();
      await reports.close();
      await close();
      return 0;
    },
  };
}
