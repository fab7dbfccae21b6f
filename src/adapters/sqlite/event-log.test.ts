import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, test } from "vitest";
import type { EventRecord, JobRecord } from "../../domain/records.ts";
import { EventLog } from "./event-log.ts";
import { migrate } from "./schema.ts";
import { statements } from "./statements.ts";

const first = { id: "first", owner: "a" } as JobRecord;
const second = { id: "second", owner: "a" } as JobRecord;
let db: DatabaseSync;
let log: EventLog;
beforeEach(() => {
  db = new DatabaseSync(":memory:");
  migrate(db);
  log = new EventLog(statements(db));
});

test("a transaction keeps the events of each job together, under numbers without gaps", () => {
  for (let n = 0; n < 150; n++) {
    log.append(first, "item.started", n, { jobId: "first", n });
    if (n % 50 === 0) log.append(second, "item.started", n, { jobId: "second", n });
  }
  expect([...log.write()]).toEqual(["a"]);
  log.append(first, "job.succeeded", 150, { jobId: "first", n: 150 });
  log.write();
  expect(db.prepare("SELECT count(*) AS n FROM event_runs").get()!.n).toBe(4);
  const all = log.read({ owner: "a", after: 0, limit: 1_000 });
  expect(seqs(all)).toEqual(Array.from({ length: 154 }, (_, n) => n + 1));
  const mine = log.read({ owner: "a", after: 0, limit: 1_000, jobId: "first" });
  expect(mine.map((event) => event.data.n)).toEqual(Array.from({ length: 151 }, (_, n) => n));
  expect(mine).toEqual(all.filter((event) => event.jobId === "first"));
  expect(log.bounds("a")).toEqual({ first: 1, last: 154 });
});

test("a page may begin and end anywhere", () => {
  for (let n = 0; n < 230; n++) log.append(n % 3 === 0 ? second : first, "item.started", n, { n });
  log.write();
  for (const jobId of [undefined, "first", "second"]) {
    const all = log.read({ owner: "a", after: 0, limit: 1_000, jobId });
    for (const limit of [1, 7, 100, 101]) {
      const pages: EventRecord[] = [];
      for (let page = all.slice(0, 0), after = 0; ; after = page.at(-1)!.seq) {
        page = log.read({ owner: "a", after, limit, jobId });
        pages.push(...page);
        if (page.length < limit) break;
      }
      expect(pages).toEqual(all);
    }
    for (const { seq } of all) {
      const rest = log.read({ owner: "a", after: seq, limit: 3, jobId });
      expect(rest).toEqual(all.filter((event) => event.seq > seq).slice(0, 3));
    }
  }
});

test("a forgotten job leaves its numbers, types and times, whether written or not", () => {
  const data = { jobId: "first", name: "secret.png", progress: { total: 1 } };
  log.append(first, "item.started", 1, { ...data });
  log.append(first, "item.succeeded", 2, { jobId: "first", name: "secret.png" });
  log.append(second, "item.started", 3, { jobId: "second", name: "kept.png" });
  log.write();
  log.append(first, "job.succeeded", 4, { ...data });
  log.forget("first");
  log.write();
  const events = log.read({ owner: "a", after: 0, limit: 10 });
  expect(events.map(({ seq, type, at, data: told }) => [seq, type, at, told])).toEqual([
    [1, "item.started", 1, { jobId: "first", progress: { total: 1 }, forgotten: true }],
    [2, "item.succeeded", 2, { jobId: "first", progress: null, forgotten: true }],
    [3, "item.started", 3, { jobId: "second", name: "kept.png" }],
    [4, "job.succeeded", 4, { jobId: "first", progress: { total: 1 }, forgotten: true }],
  ]);
});

test("a log is shortened at its beginning alone", () => {
  for (const at of [10, 20, 15, 30]) {
    log.append(first, "item.started", at, {});
    log.write();
  }
  const kept = () => seqs(log.read({ owner: "a", after: 0, limit: 10 }));
  log.trim("a", 10);
  expect(kept()).toEqual([1, 2, 3, 4]);
  log.trim("a", 20);
  expect(kept()).toEqual([2, 3, 4]);
  log.trim("a", 40);
  expect(kept()).toEqual([]);
  expect(log.bounds("a")).toEqual({ first: 0, last: 4 });
});

test("what was not committed is not remembered", () => {
  log.append(first, "job.created", 1, {});
  log.write();
  log.committed();
  db.exec("BEGIN");
  log.append(first, "job.started", 2, {});
  log.write();
  db.exec("ROLLBACK");
  log.rolledBack();
  log.append(first, "job.started", 3, {});
  log.write();
  expect(log.bounds("a").last).toBe(2);
});

test("the log of a data folder of before is taken over", () => {
  const old = new DatabaseSync(":memory:");
  migrate(old, 2);
  const insert = old.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)");
  insert.run("a", 1, "first", "job.created", 5, '{"jobId":"first","progress":{"total":2}}');
  insert.run("a", 2, "first", "job.started", 6, '{"jobId":"first"}');
  insert.run("b", 1, "third", "job.created", 7, "{}");
  old.exec("INSERT INTO owners VALUES ('a', 2), ('b', 1)");
  migrate(old);
  const taken = new EventLog(statements(old));
  expect(taken.read({ owner: "a", after: 0, limit: 10, jobId: "first" })).toEqual([
    {
      owner: "a",
      seq: 1,
      jobId: "first",
      type: "job.created",
      at: 5,
      data: { jobId: "first", progress: { total: 2 } },
    },
    { owner: "a", seq: 2, jobId: "first", type: "job.started", at: 6, data: { jobId: "first" } },
  ]);
  expect(taken.bounds("b").last).toBe(1);
});

function seqs(events: EventRecord[]): number[] {
  return events.map((event) => event.seq);
}
