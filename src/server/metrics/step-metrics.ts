import { Counter, Histogram, type Registry } from "prom-client";
import { STEP_BOUNDS, type StepFigures, topics } from "../../engine/engine.ts";
import type { Bus, Subscription } from "../../ports/bus.ts";

/** Counts what the workers tell of their attempts. A message that is lost is missing in the counts. */
export async function countSteps(registry: Registry, bus: Bus): Promise<Subscription> {
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
  return bus.subscribe(topics.metrics, (message) => {
    for (const { queue, outcome, count, seconds } of figuresOf(message)) {
      const labels = { queue, outcome };
      attempts.inc(labels, count);
      // All of an entry fall between the same bounds, and so does their mean.
      const child = durations.labels(labels);
      for (let n = 0; n < count; n++) child.observe(seconds / count);
    }
  });
}

function figuresOf(message: string): StepFigures["steps"] {
  try {
    return (JSON.parse(message) as StepFigures).steps;
  } catch {
    return [];
  }
}
