import { Gauge, type Registry } from "prom-client";
import type { Engine } from "../../engine/engine.ts";
import { knownQueues } from "../../engine/known-queues.ts";

const FRESH_MS = 1_000;

/**
 * Gauges read from the store on scrapes, at most once a second. While the store is down they are absent, and
 * `millrace_store_up` says why.
 */
export function registerStoreGauges(
  registry: Registry,
  engine: Pick<Engine, "store" | "pipelines">,
): { refresh(): Promise<void> } {
  const gauge = (name: string, help: string, labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });

  const queueTasks = gauge("millrace_queue_tasks", "Tasks of a queue, by state.", ["queue", "state"]);
  const drainRate = gauge("millrace_queue_drain_rate", "Tasks that ended per second, over the last minute.", [
    "queue",
  ]);
  const oldest = gauge("millrace_queue_oldest_seconds", "Seconds that the oldest ready task has waited.", [
    "queue",
  ]);
  const takers = gauge("millrace_queue_workers", "Worker processes that take tasks from a queue.", ["queue"]);
  const unserved = gauge(
    "millrace_queue_unserved_tasks",
    "Tasks that wait in a queue that no worker serves.",
    ["queue"],
  );
  const paused = gauge("millrace_queue_paused", "1 while the queue is paused.", ["queue"]);
  const jobs = gauge("millrace_jobs", "Unfinished jobs, by state.", ["state"]);
  const tasks = gauge("millrace_tasks", "Tasks, by state.", ["state"]);
  const workers = gauge("millrace_workers", "Worker processes.", []);
  const busy = gauge("millrace_workers_running_tasks", "Tasks that are running.", []);
  const slots = gauge("millrace_workers_concurrency", "Concurrent tasks that all workers allow.", []);
  const up = gauge("millrace_store_up", "1 while the records can be read.", []);
  const all = [queueTasks, drainRate, oldest, takers, unserved, paused, jobs, tasks, workers, busy, slots];

  let readAt = 0;
  let reading: Promise<void> | null = null;

  async function read(): Promise<void> {
    const [queues, counts, live] = await Promise.all([
      knownQueues(engine),
      engine.store.counts(),
      engine.store.workers(),
    ]);
    for (const one of all) one.reset();
    up.set(1);
    for (const queue of queues) {
      for (const state of ["ready", "running", "scheduled", "dead"] as const) {
        queueTasks.set({ queue: queue.name, state }, queue[state]);
      }
      drainRate.set({ queue: queue.name }, queue.drainRate);
      oldest.set({ queue: queue.name }, (queue.oldestMs ?? 0) / 1_000);
      takers.set({ queue: queue.name }, queue.workers);
      unserved.set({ queue: queue.name }, queue.workers === 0 ? queue.ready + queue.scheduled : 0);
      paused.set({ queue: queue.name }, queue.paused ? 1 : 0);
    }
    for (const [state, count] of Object.entries(counts.jobs)) jobs.set({ state }, count);
    for (const [state, count] of Object.entries(counts.tasks)) tasks.set({ state }, count);
    const present = live.filter((worker) => !worker.stopped);
    workers.set(present.length);
    busy.set(present.reduce((sum, worker) => sum + worker.running, 0));
    slots.set(
      present.reduce((sum, worker) => sum + Object.values(worker.queues).reduce((a, b) => a + b, 0), 0),
    );
    readAt = performance.now();
  }

  return {
    refresh() {
      if (readAt > 0 && performance.now() - readAt < FRESH_MS) return Promise.resolve();
      reading ??= read()
        .catch(() => {
          for (const one of all) one.reset();
          // Resetting a gauge without labels would report 0.
          for (const one of [workers, busy, slots]) one.remove();
          up.set(0);
        })
        .finally(() => {
          reading = null;
        });
      return reading;
    },
  };
}
