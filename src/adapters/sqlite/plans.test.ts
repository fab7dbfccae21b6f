import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { reads } from "./reads.ts";
import { prepare } from "./schema.ts";
import { statements } from "./statements.ts";

/** Tables that grow without limit: finished jobs and what belongs to them. Nothing may scan them. */
const growing = [
  "jobs",
  "j",
  "tasks",
  "t",
  "event_runs",
  "blobs",
  "job_blobs",
  "cache",
  "memos",
  "attempts",
  "idempotency",
];
/** Counts over partial indexes, made once when the writer starts, or rarely for an operator. */
const counting = ["countTasks", "countDelayed", "liveJobs", "usage", "deleting"];

function open(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  prepare(db);
  return db;
}

/** Steps of a statement's plan that scan a whole table, or sort rows beyond the limit. */
function faults(db: DatabaseSync, sql: string): string[] {
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
  return plan
    .map(({ detail }) => detail)
    .filter((detail) => {
      const scan = /^SCAN (\w+)(?! USING (COVERING )?INDEX tasks_(waiting|dead))/.exec(detail);
      return (scan && growing.includes(scan[1]!)) || detail.includes("USE TEMP B-TREE");
    });
}

test("no statement of the writer reads through a table that grows", () => {
  const db = open();
  const found = Object.entries(statements(db))
    .filter(
      ([name, { sourceSQL }]) => !/^(BEGIN|COMMIT|ROLLBACK)/.test(sourceSQL) && !counting.includes(name),
    )
    .flatMap(([name, { sourceSQL }]) => faults(db, sourceSQL).map((fault) => `${name}: ${fault}`));
  expect(found).toEqual([]);
});

test("no list that a client or an operator asks for reads through a table that grows", () => {
  const db = open();
  const asked: string[] = [];
  const ear = {
    prepare(sql: string) {
      asked.push(sql);
      return db.prepare(sql);
    },
  } as DatabaseSync;
  const list = reads(ear);
  asked.length = 0;
  const owner = "a";
  list.jobs({ owner, limit: 50 });
  list.jobs({ owner, limit: 50, cursor: "x" });
  list.jobs({ owner, limit: 50, states: ["queued", "running"] });
  list.items({ jobId: "x", limit: 50, states: ["dead"] });
  list.deadLetters({ limit: 50 });
  list.deadLetters({ limit: 50, cursor: `${"0".repeat(36)}.1`, queue: "q" });
  list.deadLetters({ limit: 50, jobId: "x" });
  list.deadLetters({ limit: 50, queue: "q", code: "c", group: "g" });
  list.deadPlaces({ limit: 50, owner });
  list.findJobs({ limit: 50, look: 500, owner, from: 1, to: 2 });
  list.findJobs({ limit: 50, look: 500, states: ["failed"] });
  expect(asked).toHaveLength(11);
  expect(asked.flatMap((sql) => faults(db, sql).map((fault) => `${sql}: ${fault}`))).toEqual([]);
});
