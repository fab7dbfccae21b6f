import type { QueueRecord } from "../ports/store/operations.ts";
import type { Engine } from "./engine.ts";
import { stepsOf } from "./fetch-step.ts";
import { queueName } from "./plan.ts";

/**
 * The recorded queues, plus those of our pipelines that were never used: autoscalers and operators ask for them before
 * the first job.
 */
export async function knownQueues({
  store,
  pipelines,
}: Pick<Engine, "store" | "pipelines">): Promise<QueueRecord[]> {
  const recorded = await store.queues({ now: store.now() });
  const names = new Set(recorded.map((queue) => queue.name));
  const unused = pipelines
    .versions()
    .flatMap((pipeline) => stepsOf(pipeline).map((step) => queueName(pipeline, step)))
    .filter((name) => !names.has(name));
  if (unused.length === 0) return recorded;
  const workers = (await store.workers()).filter((worker) => !worker.stopped);
  const empty = unused.map((name) => ({
    name,
    ready: 0,
    running: 0,
    scheduled: 0,
    dead: 0,
    drainRate: 0,
    oldestMs: null,
    paused: false,
    workers: workers.filter((worker) => name in worker.queues).length,
  }));
  return [...recorded, ...empty];
}
