/**
 * Tasks run side by side, but one that was running when a process died runs alone: whoever asks for
 * exclusive passage waits for those inside, and holds up those who come after. Those whose ceilings of memory do
 * not fit beside each other wait too, and hold up only those who need some themselves.
 */
export class Gate {
  readonly #memoryMiB: number;
  #taken = 0;
  #inside = 0;
  #exclusive = false;
  readonly #waiting = new Set<Place>();

  /** @param memoryMiB what those inside may need together; one who needs more is let in when nobody else needs any */
  constructor(memoryMiB = Number.POSITIVE_INFINITY) {
    this.#memoryMiB = memoryMiB;
  }

  /** Resolves when inside, with what to call on leaving; an attempt that is aborted does not wait any longer. */
  enter(exclusive: boolean, signal: AbortSignal, memoryMiB = 0): Promise<() => void> {
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#waiting.delete(place);
        resolve(() => {});
        this.#admit();
      };
      const place = {
        exclusive,
        memoryMiB,
        enter: () => {
          signal.removeEventListener("abort", giveUp);
          this.#inside++;
          this.#taken += memoryMiB;
          this.#exclusive = exclusive;
          resolve(() => {
            this.#inside--;
            this.#taken -= memoryMiB;
            if (exclusive) this.#exclusive = false;
            this.#admit();
          });
        },
      };
      if (signal.aborted) return resolve(() => {});
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.add(place);
      this.#admit();
    });
  }

  #admit(): void {
    let full = false;
    for (const next of this.#waiting) {
      if (this.#exclusive || (next.exclusive && this.#inside > 0)) return;
      full ||= this.#taken > 0 && this.#taken + next.memoryMiB > this.#memoryMiB;
      if (full && next.memoryMiB > 0) continue;
      this.#waiting.delete(next);
      next.enter();
    }
  }
}

interface Place {
  exclusive: boolean;
  memoryMiB: number;
  enter(): void;
}
