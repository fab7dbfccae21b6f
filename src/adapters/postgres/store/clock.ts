import type pg from "pg";
import { asking } from "../connection.ts";

/** A column with the server's time, ms since the epoch. */
export const SERVER_NOW = "(extract(epoch FROM clock_timestamp()) * 1000)::float8";

/**
 * The server's clock, by which everything in the records is dated. Between two of its answers the time goes on
 * by a clock of this process that nobody can set: the clock of the machine tells nothing here.
 */
export class ServerClock {
  /** What the server's clock is ahead of `performance.now()`. */
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
   * Takes a time from an answer of the server's to what was asked at `askedAt`. It was read after that and
   * before now, so each answer says how far ahead the server may be at least and at most.
   */
  told(serverNow: number, askedAt: number): void {
    const least = serverNow - performance.now();
    const most = serverNow - askedAt;
    this.#ahead = this.#isSet ? Math.min(most, Math.max(least, this.#ahead)) : (least + most) / 2;
    this.#isSet = true;
  }
}
