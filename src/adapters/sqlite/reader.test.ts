import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { jobCommand } from "../../testing/store/fixture.ts";
import { connectWriter, startWriter } from "./client.ts";
import { sqliteStore } from "./store.ts";

test("a folder has one owner, whose records others may read", async () => {
  const path = await databaseFile();
  const writer = await startWriter({ path, publishes: false });
  await expect(startWriter({ path, publishes: false })).rejects.toMatchObject({
    code: "config_invalid",
    message: expect.stringContaining("in use by another Millrace"),
  });
  const reader = new DatabaseSync(path, { readOnly: true });
  expect(reader.prepare("SELECT count(*) AS n FROM jobs").get()).toEqual({ n: 0 });
  reader.close();
  await writer.close();
  await (await startWriter({ path, publishes: false })).close();
});

test("a folder that an older Millrace holds by its database is in use, too", async () => {
  const path = await databaseFile();
  await (await startWriter({ path, publishes: false })).close();
  const older = new DatabaseSync(path);
  older.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE; COMMIT");
  await expect(startWriter({ path, publishes: false })).rejects.toMatchObject({ code: "config_invalid" });
  older.close();
});

test("what was told to be committed is read, by whoever asks", async () => {
  const path = await databaseFile();
  const writer = await startWriter({ path, publishes: false });
  const [one, other] = await Promise.all([1, 2].map(() => connectWriter(writer.socketPath)));
  const stores = [one!, other!].map((client) => sqliteStore(client, { publishes: false }));
  for (let n = 0; n < 100; n++) {
    const command = jobCommand({ owner: `owner-${n % 7}` });
    await stores[n % 2]!.createJob(command);
    const { owner, id } = command;
    const [mine, others] = await Promise.all(stores.map((store) => store.job({ owner, id })));
    expect([mine?.id, others?.id]).toEqual([id, id]);
  }
  await Promise.all([one!.close(), other!.close()]);
  await writer.close();
});

test("what is read does not hold up what is written", async () => {
  const path = await databaseFile();
  const writer = await startWriter({ path, publishes: false });
  const [reading, writing] = await Promise.all([1, 2].map(() => connectWriter(writer.socketPath)));
  const store = sqliteStore(writing!, { publishes: false });
  await store.createJob(jobCommand({ options: { text: "x".repeat(1_000_000) } }));
  const readers = sqliteStore(reading!, { publishes: false });
  let answered = 0;
  const pages = Array.from({ length: 100 }, () =>
    readers.jobs({ owner: "local", limit: 50 }).then(() => answered++),
  );
  await pages[0];
  await store.createJob(jobCommand({ owner: "other" }));
  expect(answered).toBeLessThan(pages.length);
  await Promise.all(pages);
  await Promise.all([reading!.close(), writing!.close()]);
  await writer.close();
});

async function databaseFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  return join(folder, "records.db");
}
