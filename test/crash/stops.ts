/** Longer than a lease and than a worker may stay silent, as with a debugger, swapping, or a closed laptop lid. */
const SHORTEST_MS = 12_000;
const LONGEST_MS = 20_000;

/** Stopped processes that continue later, during the campaign. */
export interface Stops {
  /** Continues a stopped process after a while. */
  later(pid: number): void;
  /** Continues all stopped processes now. */
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
      // It was killed while stopped.
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
