import { pause } from "../api/pause.ts";
import { asProblem, type Problem } from "../api/problem.ts";
import { connection } from "../connection/connection.ts";

/** Failures in a row without any progress, although the server can be reached, until it is given up. */
const patience = 8;
const firstPauseMs = 300;
const lastPauseMs = 20_000;

interface Persistence {
  signal: AbortSignal;
  /** Grows with what has been done: as long as it does, patience is not lost. */
  progress?(): number;
}

/** Repeats work that failed for want of a connection or of a healthy server, and waits while it is away. */
export async function persist<T>(work: () => Promise<T>, { signal, progress }: Persistence): Promise<T> {
  let failures = 0;
  let reached = progress?.() ?? 0;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const problem = asProblem(error);
      const now = progress?.() ?? 0;
      failures = now > reached ? 1 : failures + 1;
      reached = Math.max(reached, now);
      if (!passes(problem) || failures > patience) throw problem;
      if (problem.code === "network") connection.lost();
      await connection.whenReachable(signal);
      await pause(pauseMs(failures, problem.retryAfter), signal);
    }
  }
}

/** Whether it may be better in a moment; a full queue or disk is for the person to decide. */
export function passes({ code, status }: Problem): boolean {
  if (code === "storage_full") return false;
  return (
    code === "network" ||
    code === "upload_moved" ||
    code === "rate_limited" ||
    code === "request_timeout" ||
    status >= 500
  );
}

export function pauseMs(failures: number, retryAfter: number | null, random = Math.random): number {
  const backoff = Math.min(lastPauseMs, firstPauseMs * 2 ** (failures - 1));
  return Math.max(backoff * (0.5 + random() / 2), (retryAfter ?? 0) * 1_000);
}
