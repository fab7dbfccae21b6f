import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { SqliteLedger } from "./ledger.ts";
import { Queues } from "./queues.ts";
import { migrate, migrateCold } from "./schema.ts";

const BEFORE_WARNINGS = 3;

test("results that were cached before there were warnings are read with none", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, BEFORE_WARNINGS);
  db.exec(`INSERT INTO cache VALUES ('key', 'job', '[]', '"made"')`);
  migrate(db);
  migrateCold(db);
  const ledger = new SqliteLedger(db, new Queues({ ahead: true }));
  const entry = {
    key: "key",
    name: "",
    jobId: "job",
    outputs: [],
    result: "made",
    resultFile: null,
    warnings: [],
  };
  expect(ledger.cached("key")).toEqual(entry);
  const warned = {
    ...entry,
    name: "a.tif",
    warnings: [{ code: "pages_left_out", message: "2 pages were left out." }],
  };
  ledger.putCached(warned);
  expect(ledger.cached("key")).toEqual(warned);
});
