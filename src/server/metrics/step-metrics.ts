import { Counter, Histogram, type Registry } from "prom-client";
import type { Engine } from "../../engine/engine.ts";
import { knownQueues } from "../../engine/known-queues.ts";
import type { Dropped } from "../../engine/messages/drops.ts";
import { STEP_BOUNDS, topics } from "../../engine/messages/topics.ts";
import type { Subscription } from "../../ports/bus.ts";
import type { twoFormats } from "./open-metrics.ts";

/** Counts the attempts that workers report. A lost message is missing from the counts. */
export async function countSteps(
  registry: Registry,
  withExemplars: ReturnType<typeof twoFormats>["withExemplars"],
  engine: Pick<Engine, "bus" | "messages" | "drops" | "store" | "pipelines">,
  takeLostLines: () => number,
): Promise<Subscription> {
  const labelNames = ["queue", "outcome"];
  const attempts = new Counter({
    name: "millrace_attempts_total",
    help: "Finished attempts, by outcome.",
    labelNames,
    registers: [registry],
  });
  const durations = withExemplars(
    (registers) =>
      new Histogram({
        name: "millrace_step_duration_seconds",
        help: "Duration of attempts.",
        labelNames,
        buckets: STEP_BOUNDS,
        enableExemplars: true,
        registers,
      }),
  );
  const interrupted = new Counter({
    name: "millrace_interrupted_tasks_total",
    help: "Unfinished tasks that a worker handed back when it stopped. This does not use up an attempt.",
    registers: [registry],
  });
  const dropped = new Counter({
    name: "millrace_messages_dropped_total",
    help: "Messages of the bus and the broker that were dropped because they were malformed or not signed by this installation.",
    labelNames: ["source", "reason"],
    registers: [registry],
    collect: () => addDropped(engine.drops.take()),
  });
  const addDropped = (some: Dropped[]) => {
    for (const { source, reason, count } of some) dropped.inc({ source, reason }, count);
  };
  const lostLines: Counter = new Counter({
    name: "millrace_log_lines_lost_total",
    help: "Log lines of API and worker processes that could not be written.",
    registers: [registry],
    collect: () => lostLines.inc(takeLostLines()),
  });
  const isKnown = queueFilter(engine);
  return engine.bus.subscribe(topics.metrics, async (message) => {
    const figures = engine.messages.figures(message);
    if (!figures) return;
    addDropped(figures.dropped);
    lostLines.inc(figures.lostLines ?? 0);
    interrupted.inc(figures.interrupted ?? 0);
    for (const { queue, outcome, count, seconds, trace } of figures.steps) {
      // Each queue is a time series forever, so a message cannot create one.
      if (!(await isKnown(queue))) continue;
      const labels = { queue, outcome };
      attempts.inc(labels, count);
      // All durations of an entry fall into the same bucket, and so does their mean.
      const child = durations.labels(labels);
      const value = seconds / count;
      for (let n = trace === undefined ? 0 : 1; n < count; n++) child.observe(value);
      if (trace !== undefined) durations.observe({ labels, value, exemplarLabels: { trace_id: trace } });
    }
  });
}

/** How long to wait before looking up an unknown queue again. */
const ASK_AGAIN_MS = 1_000;

/** Whether a queue belongs to our pipelines or appears in the records. */
function queueFilter(engine: Pick<Engine, "store" | "pipelines">): (queue: string) => Promise<boolean> {
  let known = new Set<string>();
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> = Promise.resolve();
  return async (queue) => {
    if (!known.has(queue) && performance.now() - askedAt > ASK_AGAIN_MS) {
      askedAt = performance.now();
      asking = knownQueues(engine).then(
        (queues) => {
          known = new Set(queues.map((one) => one.name));
        },
        () => {},
      );
    }
    if (!known.has(queue)) await asking;
    return known.has(queue);
  };
}
