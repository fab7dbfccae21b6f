import { readFile } from "node:fs/promises";
import { type Client, connectWriter, startWriter } from "./client.ts";
import { socketFile } from "./protocol.ts";

/**
 * Copies the records of a database into `target`, whether a Millrace runs on it or not, then calls
 * `copyFiles` while no file can be collected: what the copied records name is still there.
 */
export async function backupRecords(
  path: string,
  target: string,
  copyFiles: () => Promise<void>,
): Promise<void> {
  const { client, close } = await reach(path);
  try {
    await client.call("backup.begin");
    await client.call("backup.records", target);
    await copyFiles();
  } finally {
    await close();
  }
}

async function reach(path: string): Promise<{ client: Client; close(): Promise<void> }> {
  const running = await readFile(socketFile(path), "utf8").catch(() => null);
  if (running !== null) {
    // A file that a killed process left behind leads nowhere.
    const client = await connectWriter(running).catch(() => null);
    if (client) return { client, close: () => client.close() };
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
