import { backup, type DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

/** How often a copy that met a transaction at its very start is retried, and the pause before. */
const STARTS = 1_000;
const BUSY_MS = 5;

/**
 * Copies a database while it is being written. Node retries a backup step that meets a transaction of this connection,
 * but not the first one, which fails with error code 0 ("not an error").
 */
export async function copyRecords(db: DatabaseSync, target: string): Promise<void> {
  for (let start = 1; ; start++) {
    try {
      await backup(db, target);
      return;
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== 0 || start === STARTS) throw error;
    }
    await sleep(BUSY_MS);
  }
}
