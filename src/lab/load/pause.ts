import { setImmediate, setTimeout } from "node:timers/promises";

/** Waits for `ms` or until the signal is aborted. Yields even if `ms` is 0. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  if (ms <= 0) await setImmediate();
  else await setTimeout(Math.ceil(ms), undefined, { signal }).catch(() => {});
}
