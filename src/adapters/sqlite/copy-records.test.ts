import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { copyRecords } from "./copy-records.ts";

test("a copy that begins within a transaction waits for its end", async () => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-copy-"));
  const db = new DatabaseSync(join(folder, "from.db"));
  try {
    db.exec(
      "PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)",
    );
    const copied = copyRecords(db, join(folder, "to.db"));
    await sleep(50);
    db.exec("COMMIT");
    await copied;
    const copy = new DatabaseSync(join(folder, "to.db"));
    expect(copy.prepare("SELECT n FROM t").all()).toEqual([{ n: 1 }]);
    copy.close();
  } finally {
    db.close();
    await rm(folder, { recursive: true });
  }
});

test("what cannot be written is an error at once", async () => {
  const db = new DatabaseSync(":memory:");
  await expect(copyRecords(db, join(tmpdir(), "no", "such", "folder.db"))).rejects.toThrow(/unable to open/);
  db.close();
});
