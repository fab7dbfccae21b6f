import { hostname } from "node:os";
import type { Config, ResolvedConfig } from "../compose/config.ts";
import { rangeOf } from "../compose/settings.ts";
import { type Reports, reportOnBus, reportProcess } from "../engine/processes/reports.ts";
import { type Fleet, startFleet } from "../supervisor/fleet.ts";
import type { Supervisor, SupervisorEvent } from "../supervisor/supervisor.ts";

/** Time to settle tasks and close connections, in addition to the time for running steps. */
const END_MS = 15_000;

/** Time for a child to exit. */
export function stopMsOf({ drain }: Config): number {
  return drain * 1_000 + END_MS;
}

/** Pipeline modules from the command line. Children find those from the environment and the configuration file. */
export function pipelineArgs({ config, sources }: ResolvedConfig): string[] {
  return sources.pipelines === "flag" ? ["--pipelines", ...config.pipelines] : [];
}

export interface Workers {
  /** Stops starting and stopping workers. */
  close(): Promise<void>;
}

/**
 * Starts a supervisor's workers: a fixed number, or as many as demand requires. Reports the supervisor's resource usage
 * to its API process, or over the bus if it has none.
 */
export async function superviseWorkers(
  resolved: ResolvedConfig,
  writer: string | null,
  supervisor: Supervisor,
  role: "supervisor" | "autoscale",
): Promise<Workers> {
  const { config } = resolved;
  const range = rangeOf(config.workers);
  const args = ["worker", ...pipelineArgs(resolved)];
  let fleet: Fleet | null = null;
  // Loaded when it is needed: with the records, it is half of what every command would load.
  const openDemand = async () =>
    (await import("../compose/demand.ts")).openDemand({ config, writer }, () => fleet?.poke());
  const demand = range.min < range.max ? await openDemand() : null;
  if (demand) {
    fleet = startFleet({
      ...{ supervisor, range, args, host: hostname(), read: demand.read },
      targetWaitSeconds: config.targetWait,
      downMs: config.scaleDown * 1_000,
      onError: (error) =>
        console.error(`millrace: The number of workers could not be changed: ${error.message}`),
    });
  }
  const more = () => (fleet ? { scale: fleet.figures() } : {});
  const reports: Reports =
    role === "autoscale" && demand
      ? reportOnBus(demand, role, more)
      : reportProcess({
          ...{ role, more },
          send: (report) => supervisor.tell("api", { kind: "process", report }),
        });
  return {
    async close() {
      await fleet?.close();
      await reports.close();
      await demand?.close();
    },
  };
}

/** Reports problems with children on stderr. */
export function reportTrouble(event: SupervisorEvent): void {
  if (event.kind === "ended") {
    const how = event.signal ?? `code ${event.code}`;
    console.error(`millrace: ${event.name} exited (${how}). It restarts in ${event.respawnMs} ms.`);
  } else if (event.kind === "unborn") {
    const { name, cause, respawnMs } = event;
    console.error(`millrace: ${name} cannot be started (${cause}). Trying again in ${respawnMs} ms.`);
  } else if (event.kind === "refused" && event.retryable) {
    console.error(`millrace: ${event.name} cannot start yet: ${event.message}`);
  } else if (event.kind === "hung") {
    console.error(
      `millrace: ${event.name} has not responded for ${event.silentMs / 1_000} s and is being replaced.`,
    );
  }
}
