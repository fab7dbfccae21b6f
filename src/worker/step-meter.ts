import type { Outcome } from "../domain/commands.ts";
import type { Engine } from "../engine/engine.ts";
import { MAX_FIGURES } from "../engine/messages/read.ts";
import { STEP_BOUNDS, type StepFigure, type StepFigures, topics } from "../engine/messages/topics.ts";

const TELL_MS = 1_000;

export interface Settled {
  queue: string;
  outcome: Outcome["kind"];
  ms: number;
  /** Trace of the request that created its job. */
  trace?: string;
}

/** Reports what this worker did, dropped and lost, so that any API process can count it. */
export function stepMeter(
  { bus, drops }: Pick<Engine, "bus" | "drops">,
  worker: string,
  takeLostLines: () => number,
) {
  let figures = new Map<string, StepFigure>();

  async function tell(interrupted: number): Promise<void> {
    const all = [...figures.values()];
    let dropped = drops.take();
    let lostLines = takeLostLines();
    let cut = interrupted;
    figures = new Map();
    for (let at = 0; at < all.length || dropped.length > 0 || lostLines > 0 || cut > 0; at += MAX_FIGURES) {
      const steps = all.slice(at, at + MAX_FIGURES);
      const message: StepFigures = {
        ...{ worker, steps, dropped },
        ...(lostLines > 0 && { lostLines }),
        ...(cut > 0 && { interrupted: cut }),
      };
      dropped = [];
      lostLines = 0;
      cut = 0;
      await bus.publish(topics.metrics, JSON.stringify(message)).catch(() => {});
    }
  }

  const timer = setInterval(() => void tell(0), TELL_MS);
  timer.unref();
  return {
    settled({ queue, outcome, ms, trace }: Settled) {
      const seconds = ms / 1_000;
      const key = `${queue} ${outcome} ${STEP_BOUNDS.findIndex((bound) => seconds <= bound)}`;
      const known: StepFigure = figures.get(key) ?? { queue, outcome, count: 0, seconds: 0 };
      known.count++;
      known.seconds += seconds;
      if (trace !== undefined) known.trace = trace;
      figures.set(key, known);
    },
    /** Reports the rest. @param interrupted tasks that this worker's shutdown returned */
    close(interrupted: number): Promise<void> {
      clearInterval(timer);
      return tell(interrupted);
    },
  };
}
