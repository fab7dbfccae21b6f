/**
 * Tasks run side by side, but one that was running when a process died runs alone: whoever asks for
 * exclusive passage waits for those inside, and holds up those who come after.
 */
export class Gate {
  #inside = 0;
  #exclusive = false;
  readonly #waiting = new Set<{ exclusive: boolean; enter: () => void }>();

  /** Resolves when inside, with what to call on leaving; an attempt that is aborted does not wait any longer. */
  enter(exclusive: boolean, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve) => {
      const giveUp = () => {
        this.#waiting.delete(place);
        resolve(() => {});
        this.#admit();
      };
      const place = {
        exclusive,
        enter: () => {
          signal.removeEventListener("abort", giveUp);
          this.#inside++;
          this.#exclusive = exclusive;
          resolve(() => {
            this.#inside--;
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
    for (const next of this.#waiting) {
      if (this.#exclusive || (next.exclusive && this.#inside > 0)) return;
      this.#waiting.delete(next);
      next.enter();
    }
  }
}
