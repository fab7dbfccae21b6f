/**
 * Tasks run side by side, but one that was running when a process died runs alone: whoever asks for
 * exclusive passage waits for those inside, and holds up those who come after.
 */
export class Gate {
  #inside = 0;
  #exclusive = false;
  readonly #waiting: { exclusive: boolean; enter: () => void }[] = [];

  /** Resolves when inside, with what to call on leaving. */
  enter(exclusive: boolean): Promise<() => void> {
    return new Promise((resolve) => {
      this.#waiting.push({
        exclusive,
        enter: () => {
          this.#inside++;
          this.#exclusive = exclusive;
          resolve(() => {
            this.#inside--;
            if (exclusive) this.#exclusive = false;
            this.#admit();
          });
        },
      });
      this.#admit();
    });
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#exclusive || (next.exclusive && this.#inside > 0)) return;
      this.#waiting.shift();
      next.enter();
    }
  }
}
