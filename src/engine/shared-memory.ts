/**
 * Memory shared by attempts: what the steps of a machine reserve, or the memory limits of the isolated steps in one
 * worker.
 */
export interface SharedMemory {
  /** Total size. */
  readonly bytes: number;
  /**
   * Waits until this much is free, in call order: small requests never overtake a large one. Resolves to an idempotent
   * release function. Rejects with the signal's reason.
   * @param bytes at most the whole budget
   */
  take(bytes: number, signal: AbortSignal): Promise<() => void>;
}

interface Waiting {
  bytes: number;
  go(): void;
}

export function sharedMemory(bytes: number): SharedMemory {
  let free = bytes;
  const queue: Waiting[] = [];

  function serve(): void {
    while (queue[0] && queue[0].bytes <= free) queue.shift()!.go();
  }

  return {
    bytes,
    async take(wanted, signal) {
      signal.throwIfAborted();
      const turn = Promise.withResolvers<void>();
      const waiting: Waiting = {
        bytes: wanted,
        go() {
          free -= wanted;
          turn.resolve();
        },
      };
      const leave = () => {
        const at = queue.indexOf(waiting);
        if (at === -1) return;
        queue.splice(at, 1);
        turn.reject(signal.reason);
        serve();
      };
      signal.addEventListener("abort", leave, { once: true });
      queue.push(waiting);
      serve();
      await turn.promise.finally(() => signal.removeEventListener("abort", leave));
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        free += wanted;
        serve();
      };
    },
  };
}
