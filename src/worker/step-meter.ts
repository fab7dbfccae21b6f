import { STEP_BOUNDS, type StepFigures, topics } from "../engine/engine.ts";
import type { Bus } from "../ports/bus.ts";

const TELL_MS = 1_000;

/** Tells what this worker did, so that any API process can count it. */
export function stepMeter(bus: Bus, worker: string) {
  let figures = new Map<string, StepFigures["steps"][number]>();
  const timer = setInterval(() => {
    if (figures.size === 0) return;
    const message: StepFigures = { worker, steps: [...figures.values()] };
    figures = new Map();
    bus.publish(topics.metrics, JSON.stringify(message)).catch(() => {});
  }, TELL_MS);
  timer.unref();
  return {
    settled({ queue, outcome, ms }: { queue: string; outcome: string; ms: number }) {
      const seconds = ms / 1_000;
      const key = `${queue} ${outcome} ${STEP_BOUNDS.findIndex((bound) => seconds <= bound)}`;
      const known = figures.get(key) ?? { queue, outcome, count: 0, seconds: 0 };
      known.count++;
      known.seconds += seconds;
      figures.set(key, known);
    },
    close: () => clearInterval(timer),
  };
}
