const WINDOW_MS = 100;
/** So long may a transaction take that is bridged. */
const LONGEST_MS = 200;
const MOST = 500;
/** How much the latest transaction counts. */
const WEIGHT = 0.2;

/** How fast a consumer's tasks end and the next ones come, and so how many in reserve leave it no gaps. */
export class Pace {
  #ended = 0;
  #since = performance.now();
  #perMs = 0;
  #waitMs = 10;

  ended(): void {
    this.#ended++;
    this.#turn();
  }

  /** A transaction has brought tasks. */
  came(afterMs: number): void {
    this.#waitMs += (Math.min(LONGEST_MS, afterMs) - this.#waitMs) * WEIGHT;
  }

  /** Tasks that end while two transactions pass: one that is under way, and the one after it. */
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
