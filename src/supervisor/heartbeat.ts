import type { ChildProcess } from "node:child_process";

const BEAT_MS = 5_000;
/** A child that has not answered for this long hangs. */
const PATIENCE_MS = 30_000;

/** Sent to a child, which answers each with a message of the same kind. */
export interface BeatMessage {
  kind: "beat";
  /** From the child: additional ms for which a step may block it. @default 0 */
  busyMs?: number;
}

export interface Heartbeat {
  answered(message: BeatMessage): void;
  stop(): void;
}

/**
 * Checks that a child still handles its messages, and reports once if it does not. Time is counted in beats sent, so
 * that a supervisor that was itself suspended blames nobody.
 */
export function heartbeat(child: ChildProcess, onHung: (silentMs: number) => void): Heartbeat {
  let missed = 0;
  let patienceMs = PATIENCE_MS;
  const timer = setInterval(() => {
    missed++;
    if (missed === 1) child.send({ kind: "beat" } satisfies BeatMessage, () => {});
    else if (missed * BEAT_MS > patienceMs) {
      clearInterval(timer);
      onHung(missed * BEAT_MS);
    }
  }, BEAT_MS);
  return {
    answered({ busyMs = 0 }) {
      missed = 0;
      patienceMs = PATIENCE_MS + busyMs;
    },
    stop: () => clearInterval(timer),
  };
}
