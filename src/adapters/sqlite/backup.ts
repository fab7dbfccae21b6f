import { open, readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { MillraceError } from "../../errors.ts";
import { type Client, connectWriter, startWriter } from "./client.ts";
import { socketFile } from "./protocol.ts";

/** How often a backup starts over because Millrace stopped or started in the meantime. */
const TRIES = 5;
/** How long a stopped Millrace has to come back before its folder is opened here. */
const RESTART_MS = 10_000;

/**
 * Copies the records of a database into `target`, whether or not Millrace is running on it, then calls `copyFiles` with
 * the keys that they name, while file collection is on hold. If Millrace stopped, the hold was lost, and everything is
 * repeated: `copyFiles` skips what it has already copied.
 */
export async function backupRecords(
  path: string,
  target: string,
  copyFiles: (keys: Iterable<string>) => Promise<void>,
): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries++) {
    const { client, close } = await reach(path, tries > 1);
    try {
      await client.call("backup.begin");
      // Created here to set its mode; SQLite fills it.
      await (await open(target, "w", 0o600)).close();
      await client.call("backup.records", target);
      await copyFiles(keysIn(target));
      // An answer proves that the hold lasted until now.
      await client.call("backup.held");
      return;
    } catch (error) {
      if (!client.isClosed()) throw error;
    } finally {
      await close();
    }
  }
  throw new MillraceError(
    "unavailable",
    `Millrace exited ${TRIES} times during the backup. Empty the backup folder and try again.`,
  );
}

/** The keys of all files in the copied records. */
function* keysIn(records: string): Generator<string> {
  const db = new DatabaseSync(records, { readOnly: true });
  try {
    for (const { key } of db.prepare("SELECT key FROM blobs WHERE deleting = 0 ORDER BY key").iterate())
      yield key as string;
  } finally {
    db.close();
  }
}

async function reach(path: string, again: boolean): Promise<{ client: Client; close(): Promise<void> }> {
  for (const deadline = Date.now() + (again ? RESTART_MS : 0); ; await sleep(100)) {
    const running = await readFile(socketFile(path), "utf8").catch(() => null);
    // A socket left behind by a killed process leads nowhere.
    const client = running === null ? null : await connectWriter(running).catch(() => null);
    if (client) return { client, close: () => client.close() };
    if (Date.now() >= deadline) break;
  }
  const writer = await startWriter({ path, publishes: false });
  const client = await connectWriter(writer.socketPath);
  return {
    client,
    async close() {
      await client.close();
      await writer.close();
    },
  };
}
