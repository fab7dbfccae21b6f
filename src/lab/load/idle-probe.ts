import type { IdleRecord } from "../records.ts";
import { pause } from "./pause.ts";

export interface IdleProbe {
  cell: string;
  /** Calls an endpoint that does nothing. Rejects unless it succeeds. */
  ask(signal: AbortSignal): Promise<void>;
  beganAt: number;
  everyMs: number;
  write(record: IdleRecord): void;
  signal: AbortSignal;
}

/**
 * Calls an idle endpoint on a fixed schedule until the signal is aborted, to measure what users with light requests
 * experience. Times count from when a call was due.
 */
export async function probeIdle({ cell, ask, beganAt, everyMs, write, signal }: IdleProbe): Promise<void> {
  const open = new Set<Promise<void>>();
  const now = () => performance.now() - beganAt;
  const call = async (atMs: number) => {
    const ok = await ask(signal).then(
      () => true,
      () => false,
    );
    if (!signal.aborted) write({ type: "idle", cell, atMs, ms: now() - atMs, ok });
  };
  for (let due = now() + everyMs; !signal.aborted; due += everyMs) {
    await pause(due - now(), signal);
    if (signal.aborted) break;
    const calling: Promise<void> = call(due).finally(() => open.delete(calling));
    open.add(calling);
  }
  await Promise.all(open);
}
