import { Counter, Histogram, type Registry } from "prom-client";
import type { Engine } from "../../engine/engine.ts";
import { knownQueues } from "../../engine/known-queues.ts";
import type { Dropped } from "../../engine/messages/drops.ts";
import { STEP_BOUNDS, topics } from "../../engine/messages/topics.ts";
import type { Subscription } from "../../ports/bus.ts";

/** Counts what the workers tell of their attempts. A message that is lost is missing in the counts. */
export async function countSteps(
  registry: Registry,
  engine: Pick<Engine, "bus" | "messages" | "drops" | "store" | "pipelines">,
  takeLostLines: () => number,
): Promise<Subscription> {
  const labelNames = ["queue", "outcome"];
  const attempts = new Counter({
    name: "millrace_attempts_total",
    help: "Attempts that ended, by how they ended.",
    labelNames,
    registers: [registry],
  });
  const durations = new Histogram({
    name: "millrace_step_duration_seconds",
    help: "Time that attempts took.",
    labelNames,
    buckets: STEP_BOUNDS,
    registers: [registry],
  });
  const dropped = new Counter({
    name: "millrace_messages_dropped_total",
    help: "Messages of the bus and the broker that were malformed, or not signed by this installation.",
    labelNames: ["source", "reason"],
    registers: [registry],
    collect: () => addDropped(engine.drops.take()),
  });
  const addDropped = (some: Dropped[]) => {
    for (const { source, reason, count } of some) dropped.inc({ source, reason }, count);
  };
  const lostLines: Counter = new Counter({
    name: "millrace_log_lines_lost_total",
    help: "Lines of the logs of API and worker processes that could not be written.",
    registers: [registry],
    collect: () => lostLines.inc(takeLostLines()),
  });
  const isKnown = queueFilter(engine);
  return engine.bus.subscribe(topics.metrics, async (message) => {
    const figures = engine.messages.figures(message);
    if (!figures) return;
    addDropped(figures.dropped);
    lostLines.inc(figures.lostLines ?? 0);
    for (const { queue, outcome, count, seconds } of figures.steps) {
      // Each queue is a row of the metrics for ever: a message makes none.
      if (!(await isKnown(queue))) continue;
      const labels = { queue, outcome };
      attempts.inc(labels, count);
      // All of an entry fall between the same bounds, and so does their mean.
      const child = durations.labels(labels);
      for (let n = 0; n < count; n++) child.observe(seconds / count);
    }
  });
}

/** How long a name that the records do not know is not asked for again. */
const ASK_AGAIN_MS = 1_000;

/** Whether a queue is one of our pipelines' or of the records'. */
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
