import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/**
 * Locks the data folder of a database for this process; throws `database is locked` while another has it.
 *
 * The lock is SQLite's own, on an empty database next to the records: it ends with the process, however that ends, and
 * leaves the records' own file open to readers.
 */
export function lockFolder(path: string): { release(): void } {
  const file = `${path}.lock`;
  // Created here to set its mode.
  closeSync(openSync(file, "a", 0o600));
  const db = new DatabaseSync(file);
  try {
    // Nothing is ever written, so it needs no journal, for which a full disk might have no room.
    db.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    throw error;
  }
  return { release: () => db.close() };
}
