import type { Connection } from "./connection.ts";
import type { Call } from "./protocol.ts";

/** Time before checking for new calls, ms. */
const SLICE_MS = 5;

/**
 * The processes' pending reads. Processes take turns, one read each, and a process that has not read its last answers
 * must wait. So memory is bounded, however much is requested.
 */
export class ReadTurns {
  readonly #waiting = new Map<Connection, Call[]>();

  add(connection: Connection, call: Call): void {
    const calls = this.#waiting.get(connection);
    if (calls) calls.push(call);
    else this.#waiting.set(connection, [call]);
  }

  drop(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  /**
   * Answers as many as fit in a time slice.
   * @returns whether more can be answered now
   */
  answer(answer: (connection: Connection, call: Call) => void): boolean {
    const until = performance.now() + SLICE_MS;
    for (let isFirst = true; isFirst || performance.now() < until; isFirst = false) {
      const next = this.#next();
      if (!next) return false;
      answer(...next);
    }
    return [...this.#waiting.keys()].some((connection) => !connection.isBehind);
  }

  #next(): [Connection, Call] | null {
    for (const [connection, calls] of this.#waiting) {
      if (connection.isBehind) continue;
      const call = calls.shift()!;
      // Its next call comes after those of all others.
      this.#waiting.delete(connection);
      if (calls.length > 0) this.#waiting.set(connection, calls);
      return [connection, call];
    }
    return null;
  }
}
