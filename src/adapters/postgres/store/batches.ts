import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { MillraceError } from "../../../errors.ts";
import { isOutage, retryConflicts, toError } from "../connection.ts";
import type { Backlog } from "./backlog.ts";
import type { ServerClock } from "./clock.ts";
import type { Operation } from "./operations.ts";
import { type Committed, type Entry, transact } from "./transaction.ts";
import type { Windows } from "./windows.ts";

/** Concurrent transactions: while one waits for its commit, the next reads. */
const LANES = 2;
const MAX_ENTRIES = 500;
const MAX_WEIGHT = 2_000;
const MAX_OUTAGES = 3;

export interface BatchParts {
  pool: pg.Pool;
  windows: Windows;
  backlog: Backlog;
  clock: ServerClock;
  publishes: boolean;
  /** Additional commands to include if anything is committed. */
  along(): Entry[];
  onCommitted(committed: Committed): void;
}

/** Group commit: concurrent commands form one transaction, and are answered after its commit. */
export class Batches {
  readonly #parts: BatchParts;
  readonly #waiting: Entry[] = [];
  readonly #running = new Set<Promise<void>>();
  #scheduled = false;
  #closed = false;

  constructor(parts: BatchParts) {
    this.#parts = parts;
  }

  run<T>(operation: Operation<T>): Promise<T> {
    if (this.#closed)
      return Promise.reject(new MillraceError("closed", "The connection to PostgreSQL is closed."));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        operation,
        repeated: false,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
      this.nudge();
    });
  }

  /** There may be additional commands to include. */
  nudge(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  #start(): void {
    while (this.#running.size < LANES) {
      let weight = 0;
      let size = 0;
      while (size < Math.min(this.#waiting.length, MAX_ENTRIES) && (size === 0 || weight < MAX_WEIGHT)) {
        weight += this.#waiting[size++]!.operation.weight;
      }
      const entries = this.#waiting.splice(0, size);
      if (!this.#closed) entries.push(...this.#parts.along());
      if (entries.length === 0) return;
      const running = this.#commit(entries).finally(() => {
        this.#running.delete(running);
        this.#start();
      });
      this.#running.add(running);
    }
  }

  /** Commits all of it, or finds the command that cannot be committed. Never rejects. */
  async #commit(entries: Entry[]): Promise<void> {
    let outages = 0;
    for (;;) {
      try {
        this.#answer(entries, await retryConflicts(() => this.#attempt(entries)));
        return;
      } catch (error) {
        if (isOutage(error)) {
          // The commit may or may not have succeeded; every command is safe to repeat.
          for (const entry of entries) entry.repeated = true;
          if (++outages <= MAX_OUTAGES) {
            await pause(25 * 4 ** outages);
            continue;
          }
        } else if (entries.length > 1) {
          const half = entries.length >> 1;
          await this.#commit(entries.slice(0, half));
          return this.#commit(entries.slice(half));
        }
        for (const entry of entries) entry.reject(toError(error));
        return;
      }
    }
  }

  async #attempt(entries: Entry[]): Promise<Committed> {
    const { pool, windows, backlog, clock, publishes } = this.#parts;
    const client = await pool.connect();
    let broken = false;
    try {
      return await transact(client, entries, windows, backlog, clock, publishes);
    } catch (error) {
      broken = isOutage(error);
      if (!broken) await client.query("ROLLBACK").catch(() => (broken = true));
      throw error;
    } finally {
      client.release(broken);
    }
  }

  #answer(entries: Entry[], committed: Committed): void {
    const { outcomes, filled } = committed;
    const bearer = outcomes.find((one) => "value" in one && hasDeliveries(one.value));
    if (bearer && filled.length > 0 && !this.#parts.publishes) {
      const value = (bearer as { value: { deliveries: unknown[] } }).value;
      value.deliveries = [...value.deliveries, ...filled];
    }
    entries.forEach((entry, n) => {
      const outcome = outcomes[n]!;
      if ("value" in outcome) entry.resolve(outcome.value);
      else entry.reject(toError(outcome.error));
    });
    this.#parts.onCommitted(committed);
  }

  /** Resolves when all commands have been answered. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running.size > 0 || this.#waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(this.#running);
    }
  }
}

function hasDeliveries(value: unknown): boolean {
  return Array.isArray((value as { deliveries?: unknown } | null | undefined)?.deliveries);
}
