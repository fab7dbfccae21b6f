import { type Stage, whenReached } from "./arrivals.ts";
import { exchange, type Load, sinceBegin } from "./exchange.ts";
import { pause } from "./pause.ts";

export interface ClosedLoop {
  stages: readonly Stage[];
  /** Pause between a response and the user's next request. */
  thinkMs: number;
  /** Called before each request. */
  scenario(): string | null;
}

/**
 * Users who send a request as soon as the previous one was answered. A stalled service gets fewer requests, so this
 * measures maximum throughput but underestimates waiting times. Resolves when all requests have ended.
 */
export async function closedLoop(load: Load, { stages, thinkMs, scenario }: ClosedLoop): Promise<void> {
  const most = Math.ceil(Math.max(0, ...stages.flatMap(({ from, to }) => [from, to])));
  let sent = 0;
  async function user(number: number): Promise<void> {
    while (!load.signal.aborted) {
      const begin = whenReached(stages, number, sinceBegin(load));
      if (begin === null) return;
      await pause(begin - sinceBegin(load), load.signal);
      if (load.signal.aborted) return;
      sent++;
      await exchange(load, { id: String(sent), scenario: scenario(), dueMs: sinceBegin(load) });
      await pause(thinkMs, load.signal);
    }
  }
  await Promise.all(Array.from({ length: most }, (_, n) => user(n + 1)));
}
