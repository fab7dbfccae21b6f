import { readFile } from "node:fs/promises";
import { openStore } from "../../compose/adapters.ts";
import type { ResolvedConfig } from "../../compose/config.ts";
import { startEmbedded } from "../../compose/embedded.ts";
import { loadPipelines } from "../../compose/load-pipelines.ts";
import { stepsOf } from "../../engine/fetch-step.ts";
import { queueName } from "../../engine/plan.ts";
import { describeQueue } from "../../engine/unserved.ts";
import type { QueueRecord } from "../../ports/store/operations.ts";
import { type Check, warn } from "./check.ts";

/** Finds work that no worker with these settings would take, because its pipeline version is not loaded. */
export async function checkVersions({ config, inline }: ResolvedConfig): Promise<Check[]> {
  try {
    const pipelines = await loadPipelines(config, inline);
    const loaded = new Set(
      pipelines.versions().flatMap((one) => stepsOf(one).map((step) => queueName(one, step))),
    );
    const left = (await readQueues(config)).filter(
      ({ name, ready, running, scheduled, dead }) =>
        !loaded.has(name) && ready + running + scheduled + dead > 0,
    );
    return left.map(({ name, ready, running, scheduled, dead }) =>
      warn(
        "versions",
        `${ready + running + scheduled} tasks and ${dead} dead letters need ${describeQueue(name)}, which is not loaded`,
        "Keep the old version's module in MILLRACE_PIPELINES until they have ended, or cancel and delete their jobs.",
      ),
    );
  } catch {
    // Other checks cover settings and services, and report why.
    return [];
  }
}

async function readQueues(config: ResolvedConfig["config"]): Promise<QueueRecord[]> {
  const running = config.store.startsWith("sqlite:")
    ? await readFile(`${config.store.slice("sqlite:".length)}.socket`, "utf8").catch(() => null)
    : null;
  const writer = running === null ? await startEmbedded(config) : null;
  try {
    const store = await openStore({ config, writer: running ?? writer?.socketPath ?? null });
    const queues = await store.queues({ now: store.now() });
    await store.close();
    return queues;
  } finally {
    await writer?.close();
  }
}
