/** Attempts whose ceilings of memory do not fit beside each other wait for their turn. */
export class MemoryBudget {
  readonly #memoryMiB: number;
  #taken = 0;
  readonly #waiting = new Set<Waiting>();

  /** @param memoryMiB what all may need together; one who needs more is let in when nobody else needs any */
  constructor(memoryMiB = Number.POSITIVE_INFINITY) {
    this.#memoryMiB = memoryMiB;
  }

  /** Resolves with what to call at the end; an attempt that is aborted does not wait any longer. */
  take(memoryMiB: number, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#waiting.delete(waiting);
        resolve(() => {});
        this.#admit();
      };
      const waiting = {
        memoryMiB,
        enter: () => {
          signal.removeEventListener("abort", giveUp);
          this.#taken += memoryMiB;
          resolve(() => {
            this.#taken -= memoryMiB;
            this.#admit();
          });
        },
      };
      if (signal.aborted) return resolve(() => {});
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(waiting);
      this.#admit();
    });
  }

  #admit(): void {
    for (const next of this.#waiting) {
      if (this.#taken > 0 && this.#taken + next.memoryMiB > this.#memoryMiB) return;
      this.#waiting.delete(next);
      next.enter();
    }
  }
}

interface Waiting {
  memoryMiB: number;
  enter(): void;
}
