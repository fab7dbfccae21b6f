/** As a debugger, a machine that swaps, or a laptop's lid: longer than a lease, and than the patience with a worker. */
const SHORTEST_MS = 12_000;
const LONGEST_MS = 20_000;

/** Processes that are stopped and go on later, while the campaign goes on. */
export interface Stops {
  /** Lets a process that was stopped go on after a while. */
  later(pid: number): void;
  /** Lets all go on now. */
  goOn(): void;
}

export function stops(): Stops {
  const stopped = new Map<number, NodeJS.Timeout>();
  const go = (pid: number) => {
    clearTimeout(stopped.get(pid));
    stopped.delete(pid);
    try {
      process.kill(pid, "SIGCONT");
    } catch {
      // It was killed while it stood still.
    }
  };
  return {
    later(pid) {
      const ms = SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS);
      stopped.set(
        pid,
        setTimeout(() => go(pid), ms),
      );
    },
    goOn() {
      for (const pid of [...stopped.keys()]) go(pid);
    },
  };
}
