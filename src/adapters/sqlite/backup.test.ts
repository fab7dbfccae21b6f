import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { backupRecords } from "./backup.ts";
import { connectWriter, startWriter, type Writer } from "./client.ts";
import { sqliteStore } from "./store.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-backup-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function storeOf(writer: Writer) {
  return sqliteStore(await connectWriter(writer.socketPath), { publishes: true });
}

test("a backup whose hold ends with a restart begins anew, and holds what the records name then", async () => {
  const path = join(folder, "millrace.db");
  let writer = await startWriter({ path, publishes: true });
  let store = await storeOf(writer);
  const pin = (key: string, until: number) => store.pin({ key, sha256: key.repeat(64), bytes: 1, until });
  await pin("a", Date.now() + 60_000);
  const collect = () => store.collect({ now: Date.now() + 3_600_000, limit: 10 });
  const rounds: string[][] = [];

  await backupRecords(path, join(folder, "copy.db"), async (keys) => {
    rounds.push([...keys]);
    expect(await collect()).toEqual([]);
    if (rounds.length > 1) return;
    await store.close();
    await writer.close();
    writer = await startWriter({ path, publishes: true });
    store = await storeOf(writer);
    // Nothing prevents collection now: the first copy of the records names a file that is gone.
    expect(await collect()).toEqual(["a"]);
    await store.forget({ keys: ["a"] });
    await pin("b", Date.now() + 60_000);
  });

  expect(rounds).toEqual([["a"], ["b"]]);
  expect((await collect()).sort()).toEqual(["b"]);
  expect(statSync(join(folder, "copy.db")).mode & 0o777).toBe(0o600);
  await store.close();
  await writer.close();
});
