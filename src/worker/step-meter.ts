import type { Outcome } from "../domain/commands.ts";
import type { Engine } from "../engine/engine.ts";
import { MAX_FIGURES } from "../engine/messages/read.ts";
import { STEP_BOUNDS, type StepFigures, topics } from "../engine/messages/topics.ts";

const TELL_MS = 1_000;

/** Tells what this worker did, dropped and lost, so that any API process can count it. */
export function stepMeter(
  { bus, drops }: Pick<Engine, "bus" | "drops">,
  worker: string,
  takeLostLines: () => number,
) {
  let figures = new Map<string, StepFigures["steps"][number]>();
  const timer = setInterval(() => {
    const all = [...figures.values()];
    let dropped = drops.take();
    let lostLines = takeLostLines();
    figures = new Map();
    for (let at = 0; at < all.length || dropped.length > 0 || lostLines > 0; at += MAX_FIGURES) {
      const steps = all.slice(at, at + MAX_FIGURES);
      const message: StepFigures = { worker, steps, dropped, ...(lostLines > 0 && { lostLines }) };
      dropped = [];
      lostLines = 0;
      bus.publish(topics.metrics, JSON.stringify(message)).catch(() => {});
    }
  }, TELL_MS);
  timer.unref();
  return {
    settled({ queue, outcome, ms }: { queue: string; outcome: Outcome["kind"]; ms: number }) {
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
