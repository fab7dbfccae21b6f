import { setTimeout as sleep } from "node:timers/promises";

/** How much lateness may be caught up, ms. */
const LAG_MS = 100;

/** Turns at a steady rate, without bursts even after a pause. */
export function paceOf(perSecond: number) {
  const gap = 1_000 / perSecond;
  let nextAt = performance.now();

  return {
    /** Time until the next turn, ms. */
    wait: () => Math.max(0, nextAt - performance.now()),

    /** Waits for the next turn and takes it. @returns false if aborted */
    async turn(signal: AbortSignal): Promise<boolean> {
      const wait = nextAt - performance.now();
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
      if (signal.aborted) return false;
      nextAt = Math.max(nextAt, performance.now() - LAG_MS) + gap;
      return true;
    },
  };
}

export type Pace = ReturnType<typeof paceOf>;
