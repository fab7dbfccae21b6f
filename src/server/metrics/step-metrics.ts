import { Counter, type Registry } from "prom-client";
import { type StepFigures, topics } from "../../engine/engine.ts";
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
  const seconds = new Counter({
    name: "millrace_step_seconds_total",
    help: "Time that attempts took: divided by their number, the mean duration of a step.",
    labelNames,
    registers: [registry],
  });
  return bus.subscribe(topics.metrics, (message) => {
    for (const step of figuresOf(message)) {
      const labels = { queue: step.queue, outcome: step.outcome };
      attempts.inc(labels, step.count);
      seconds.inc(labels, step.seconds);
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
