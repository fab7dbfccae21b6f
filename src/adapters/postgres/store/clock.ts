import type pg from "pg";
import { asking } from "../connection.ts";

/** A column with the server's time, ms since the epoch. */
export const SERVER_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::float8";

/**
 * The server's clock, which dates everything in the records. Between its answers, time advances by this process's
 * monotonic clock; the machine's wall clock is never used.
 */
export class ServerClock {
  /** Offset of the server's clock from `performance.now()`. */
  #ahead = 0;
  #isSet = false;

  /** Milliseconds since the epoch. */
  now(): number {
    return Math.round(performance.now() + this.#ahead);
  }

  /** Asks the server for the time. */
  async ask(client: pg.Pool | pg.ClientBase): Promise<void> {
    const askedAt = performance.now();
    const { rows } = await asking(() => client.query<{ now: number }>(`SELECT ${SERVER_NOW} AS now`));
    this.told(rows[0]!.now, askedAt);
  }

  /**
   * Takes over a server time from the answer to a query sent at `askedAt`. It was read between then and now, so each
   * answer bounds the offset from both sides.
   */
  told(serverNow: number, askedAt: number): void {
    const least = serverNow - performance.now();
    const most = serverNow - askedAt;
    this.#ahead = this.#isSet ? Math.min(most, Math.max(least, this.#ahead)) : (least + most) / 2;
    this.#isSet = true;
  }
}
