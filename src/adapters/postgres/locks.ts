import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { openClient, type Target } from "./connection.ts";

/**
 * Advisory locks show who is alive: a process shares one among its sessions for as long as any of them lasts, and the
 * server releases it the moment the process ends. The first key encodes the schema and the kind of lock; the second
 * comes from the sequence `holders`.
 */
export type Held = "worker" | "broker";

export function classOf(held: Held): string {
  return `hashtext(current_schema || ' ${held}')`;
}

/**
 * SQL for values of the holder column whose lock nobody holds. With NOT IN the locks are read once and hashed; NOT
 * EXISTS would scan all of them for each row.
 */
export function unheld(held: Held, column: string): string {
  return `${column}::oid NOT IN (
    SELECT l.objid FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.classid = (${classOf(held)}::bigint & 4294967295)::oid AND l.granted)`;
}

/** A session that holds locks, and reconnects by itself when it breaks. */
export class Session {
  readonly #target: Target;
  readonly #role: string;
  readonly #onOpen: (client: pg.Client) => Promise<void>;
  #client: Promise<pg.Client> | null = null;
  #closed = false;

  /** @param onOpen takes the locks again, on each new session */
  constructor(target: Target, role: string, onOpen: (client: pg.Client) => Promise<void>) {
    this.#target = target;
    this.#role = role;
    this.#onOpen = onOpen;
  }

  client(): Promise<pg.Client> {
    if (!this.#client) {
      const opening = this.#open();
      this.#client = opening;
      opening.catch(() => {
        if (this.#client === opening) this.#client = null;
      });
    }
    return this.#client;
  }

  async #open(): Promise<pg.Client> {
    const client = await openClient(this.#target, this.#role);
    client.once("end", () => {
      this.#client = null;
      if (!this.#closed) setTimeout(() => void this.#comeBack(), 50).unref();
    });
    try {
      await this.#onOpen(client);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    return client;
  }

  async #comeBack(): Promise<void> {
    for (let wait = 50; !this.#closed && !this.#client; wait = Math.min(500, wait * 2)) {
      const back = await this.client().then(
        () => true,
        () => false,
      );
      if (back) return;
      await pause(wait, undefined, { ref: false });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = await this.#client?.catch(() => null);
    await client?.end().catch(() => {});
  }
}
