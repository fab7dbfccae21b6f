import type { UserRecords } from "../database/users.ts";
import type { Engine } from "../engine/engine.ts";
import type { AccountsLog } from "./log.ts";

/** Interval of looking for users who still have data to delete. */
const LOOK_MS = 60_000;
const PAGE = 100;

export interface ErasureParts {
  engine: Pick<Engine, "store" | "schedules" | "uploads" | "removeJob">;
  users: UserRecords;
  /** Deletes an owner's other data. */
  others: readonly ((owner: string) => Promise<void>)[];
  log: AccountsLog;
}

export type Erasure = ReturnType<typeof eraseDeleted>;

/**
 * Deletes all data of users who have deleted their accounts. The user goes last, so that another process can finish if
 * this one exits. Repeating it is harmless.
 */
export function eraseDeleted({ engine, users, others, log }: ErasureParts) {
  const { store, schedules, uploads } = engine;
  let running: Promise<void> | null = null;
  let asked = false;
  let isClosed = false;

  async function erase(owner: string): Promise<void> {
    for (;;) {
      const page = await schedules.list({ owner, limit: PAGE });
      if (page.length === 0) break;
      for (const { id } of page) await schedules.remove({ owner, id });
    }
    for (;;) {
      const page = await store.jobs({ owner, limit: PAGE });
      if (page.length === 0) break;
      for (const { id } of page) {
        if (isClosed) return;
        await engine.removeJob(owner, id);
      }
    }
    await uploads.removeAll(owner);
    for (const forget of others) await forget(owner);
    await users.remove(owner);
  }

  async function all(): Promise<void> {
    do {
      asked = false;
      const found = await users.list({ limit: PAGE, state: "deleting" });
      for (const { id } of found) {
        if (isClosed) return;
        // If one user cannot be erased yet, continue with the others.
        await erase(id).catch((error: unknown) =>
          log.warn({ err: error, userId: id }, "the data of a deleted account could not be erased yet"),
        );
      }
    } while (asked);
  }

  function look(): void {
    asked = true;
    running ??= all()
      .catch((error: unknown) => log.warn({ err: error }, "deleted accounts could not be listed"))
      .finally(() => {
        running = null;
      });
  }

  const timer = setInterval(look, LOOK_MS);
  timer.unref();

  return {
    /** Starts now, then runs periodically. */
    look,
    async close(): Promise<void> {
      isClosed = true;
      clearInterval(timer);
      await running;
    },
  };
}
