import type { Command } from "commander";
import { isEmbedded } from "../compose/adapters.ts";
import { childEnvironment } from "../compose/child-environment.ts";
import { budgetBytes } from "../compose/config.ts";
import { closeData } from "../compose/private-data.ts";
import { rangeOf } from "../compose/settings.ts";
import { supervise } from "../supervisor/supervisor.ts";
import { configOf } from "./flags.ts";
import { usageError } from "./output.ts";
import { stopOnSignal } from "./stop.ts";
import { reportTrouble, stopMsOf, superviseWorkers } from "./supervised.ts";

/** Runs only workers, as many as demand requires, until a signal stops it. */
export async function autoscale(command: Command): Promise<void> {
  const resolved = await configOf(command);
  const { config } = resolved;
  const { min, max } = rangeOf(config.workers);
  if (min === max)
    throw usageError(
      "millrace autoscale needs a range of workers, such as --workers 0..8. For a fixed number, start `millrace worker` that many times.",
    );
  if (isEmbedded(config))
    throw usageError(
      "The workers of a data folder belong to `millrace start`. Use the range there: `millrace start --workers 0..8`.",
    );
  for (const line of await closeData(config)) console.error(`millrace: ${line}`);
  const supervisor = supervise({
    entry: process.argv[1]!,
    env: childEnvironment(config, null, process.env),
    children: [],
    memoryBytes: budgetBytes(config),
    stopMs: stopMsOf(config),
    onEvent(event) {
      reportTrouble(event);
      if (event.kind === "refused" && !event.retryable)
        console.error(`millrace: ${event.name}: ${event.message}`);
    },
  });
  const workers = await superviseWorkers(resolved, null, supervisor, "autoscale");
  stopOnSignal(async () => {
    await workers.close();
    await supervisor.stop();
  }, ["SIGTERM", "SIGINT", "SIGHUP"]);
  console.log(`Workers follow demand, from ${min} to ${max}`);
}
