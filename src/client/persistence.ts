import { type Connection, pause } from "./connection.ts";
import { asProblem, type Problem } from "./problem.ts";

const firstPauseMs = 300;
const lastPauseMs = 20_000;

interface Persistence {
  signal: AbortSignal;
  connection: Connection;
  /** Consecutive failures without progress before it gives up. Time while the server is unreachable does not count. */
  retries: number;
  /** A number that grows with the work done. Growth resets the failure count. */
  progress?(): number;
  /** A code to wait out, in addition to transient ones. */
  alsoOn?: Problem["code"];
}

/** Retries work that failed because the connection or the server was down. Waits while the server is unreachable. */
export async function persist<T>(work: () => Promise<T>, options: Persistence): Promise<T> {
  const { signal, connection, retries, progress, alsoOn } = options;
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
      const awaited = problem.code === alsoOn;
      if (!(awaited || (problem.isTransient && failures <= retries))) throw problem;
      if (problem.code === "network") connection.lost();
      await connection.whenReachable(signal);
      await pause(pauseMs(failures, problem.retryAfter), signal);
    }
  }
}

export function pauseMs(failures: number, retryAfter: number | null, random = Math.random): number {
  const backoff = Math.min(lastPauseMs, firstPauseMs * 2 ** (failures - 1));
  return Math.max(backoff * (0.5 + random() / 2), (retryAfter ?? 0) * 1_000);
}
