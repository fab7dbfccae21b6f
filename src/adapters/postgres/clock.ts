import type pg from "pg";
import type { Store } from "../../ports/store/store.ts";

/** What well-kept clocks differ by, and less than any lease would notice. */
const LEFT_ALONE_MS = 200;
const SAMPLES = 3;
const AGAIN_MS = 60_000;

/** The times of commands that come from the caller's clock. A job's start is a moment that its user named. */
const times = ["now", "until", "expiresAt", "deadSince", "forgetBefore", "seenAt", "startedAt"] as const;

/**
 * The server's clock, by which everything in the records is dated: what is due, and whose lease has passed,
 * must not depend on which of many machines asks.
 */
export class ServerClock {
  readonly #pool: pg.Pool;
  #ahead = 0;
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Asks the server for the time, unless it did so within the last minute. */
  async keep(): Promise<void> {
    if (performance.now() - this.#measuredAt < AGAIN_MS) return;
    this.#measuredAt = performance.now();
    let closest = { ahead: 0, doubt: Number.POSITIVE_INFINITY };
    for (let n = 0; n < SAMPLES; n++) {
      const asked = Date.now();
      const { rows } = await this.#pool.query<{ at: string }>(
        "SELECT round(extract(epoch FROM clock_timestamp()) * 1000)::text AS at",
      );
      const answered = Date.now();
      const doubt = (answered - asked) / 2;
      if (doubt < closest.doubt) closest = { ahead: Number(rows[0]!.at) - asked - doubt, doubt };
    }
    const { ahead, doubt } = closest;
    this.#ahead = Math.abs(ahead) > LEFT_ALONE_MS + doubt ? Math.round(ahead) : 0;
  }

  /** A time of the records as the caller's clock would tell it: one that may come back in a command. */
  told(at: number): number {
    return at - this.#ahead;
  }

  /** The command with its times as the server would tell them. */
  dated<T>(command: T): T {
    if (this.#ahead === 0 || typeof command !== "object" || command === null) return command;
    const moved = { ...command } as Record<string, unknown>;
    for (const name of times) {
      if (typeof moved[name] === "number") moved[name] += this.#ahead;
    }
    if (moved.idempotency) moved.idempotency = this.dated(moved.idempotency);
    return moved as T;
  }
}

/** A port whose commands are dated by the server's clock. */
export function byServerClock<P extends Store | Store["uploads"]>(port: P, clock: ServerClock): P {
  const dated = Object.entries(port).map(([name, member]) => [
    name,
    typeof member === "function" ? (command: unknown) => member(clock.dated(command)) : member,
  ]);
  return Object.fromEntries(dated) as P;
}
