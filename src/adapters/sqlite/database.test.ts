import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { row } from "../../testing/database/fixture.ts";
import { databaseSuite } from "../../testing/database-suite.ts";
import { jobCommand } from "../../testing/store/fixture.ts";
import { connectWriter } from "./client.ts";
import { sqliteDatabase } from "./database.ts";
import { migrate, migrateCold } from "./schema.ts";
import { sqliteStore } from "./store.ts";
import { testWriter } from "./testing.ts";

databaseSuite({
  name: "sqlite",
  async create() {
    const { socketPath, close } = await testWriter({ publishes: false });
    return { open: async () => sqliteDatabase(await connectWriter(socketPath)), close };
  },
});

test("no statement touches what the ledger keeps, other files or settings", async () => {
  const { database, store } = await open();
  const job = jobCommand();
  await store.createJob(job);
  for (const text of [
    "DELETE FROM jobs",
    "UPDATE tasks SET state = 'ready'",
    "INSERT INTO paused_queues VALUES ('q')",
    "DELETE FROM uploads WHERE id IN (SELECT key FROM memos)",
    "SELECT * FROM sqlite_master",
    "DROP TABLE uploads",
    "CREATE TABLE other (id TEXT)",
    "PRAGMA synchronous = OFF",
    "ATTACH DATABASE '/tmp/other.db' AS other",
    "COMMIT",
  ]) {
    await expect(sql.raw(text).execute(database.db), text).rejects.toMatchObject({ code: "internal" });
  }
  const read = sql.raw("SELECT id FROM jobs");
  const asked = database.db.selectFrom(read.as("it")).selectAll().execute();
  await expect(asked).rejects.toMatchObject({ code: "internal" });
  expect(await store.job({ owner: job.owner, id: job.id })).toMatchObject({ state: "queued" });
});

test("what is refused does not hold up what is committed with it", async () => {
  const { database, store } = await open();
  await database.db.insertInto("uploads").values(row("taken")).execute();
  const [refused, created] = await Promise.allSettled([
    database.db.insertInto("uploads").values(row("taken")).execute(),
    store.createJob(jobCommand()),
  ]);
  expect(refused).toMatchObject({ status: "rejected", reason: { code: "already_exists" } });
  expect(created).toMatchObject({ status: "fulfilled", value: { ok: true } });
});

test("uploads of an installation from before the cold records had migrations stay", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  db.exec(`
    CREATE TABLE uploads (id TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at INTEGER NOT NULL, body TEXT NOT NULL)
      STRICT, WITHOUT ROWID;
    CREATE INDEX uploads_expiry ON uploads (expires_at);
    INSERT INTO uploads VALUES ('a', 'owner', 1, '{}')`);
  migrateCold(db);
  migrateCold(db);
  expect(db.prepare("SELECT * FROM uploads").all()).toEqual([row("a")]);
});

test("a data folder with cold records of a newer Millrace is refused", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  migrateCold(db);
  db.exec("INSERT INTO cold_migrations VALUES ('9999-later')");
  expect(() => migrateCold(db)).toThrow("newer Millrace");
});

async function open() {
  const { socketPath, close } = await testWriter({ publishes: false });
  const database = sqliteDatabase(await connectWriter(socketPath));
  const store = sqliteStore(await connectWriter(socketPath), { publishes: false });
  onTestFinished(async () => {
    await database.close();
    await store.close();
    await close();
  });
  return { database, store };
}
