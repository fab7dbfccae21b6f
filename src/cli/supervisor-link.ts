import type { BeatMessage } from "../supervisor/heartbeat.ts";
import type { ChildMessage } from "../supervisor/supervisor.ts";

/**
 * Kills this process when its supervisor exits: the records are gone, so there is nothing to finish. Call it before
 * opening anything, because the supervisor may exit while its child starts. `connected` is then false, but undefined if
 * there never was a supervisor. A thread of `bin/millrace.js` does the same if this process is blocked.
 */
export function endWithSupervisor(): void {
  const end = () => process.kill(process.pid, "SIGKILL");
  process.on("disconnect", end);
  if (process.connected === false) end();
}

/** How long a step may block this process. The supervisor waits for an answer accordingly. */
let busyMs = 0;

export async function mayBlockFor(ms: number): Promise<void> {
  busyMs = ms;
  await tell({ kind: "beat", busyMs });
}

export function answerSupervisor(): void {
  process.on("message", ({ kind }: BeatMessage) => {
    if (kind === "beat") void tell({ kind, busyMs });
  });
}

/** Resolves when the supervisor, if there is one, has the message or is gone. */
export async function tell(message: ChildMessage): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => process.send!(message, () => resolve()));
}
