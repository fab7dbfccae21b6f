const WINDOW_MS = 100;
/** Longest transaction time that is bridged. */
const LONGEST_MS = 200;
const MOST = 500;
/** Weight of the latest transaction. */
const WEIGHT = 0.2;

/** How fast a consumer's tasks end and new ones arrive, which gives the reserve needed to avoid gaps. */
export class Pace {
  #ended = 0;
  #since = performance.now();
  #perMs = 0;
  #waitMs = 10;

  ended(): void {
    this.#ended++;
    this.#turn();
  }

  /** A transaction has delivered tasks. */
  came(afterMs: number): void {
    this.#waitMs += (Math.min(LONGEST_MS, afterMs) - this.#waitMs) * WEIGHT;
  }

  /** Tasks that end during two transactions: the current one and the next. */
  reserve(): number {
    this.#turn();
    return Math.min(MOST, Math.floor(this.#perMs * this.#waitMs * 2));
  }

  #turn(): void {
    const now = performance.now();
    if (now - this.#since < WINDOW_MS) return;
    this.#perMs = this.#ended / (now - this.#since);
    this.#ended = 0;
    this.#since = now;
  }
}
