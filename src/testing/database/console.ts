import { expect } from "vitest";
import { auditRecords } from "../../database/audit.ts";
import { historyRecords } from "../../database/history.ts";
import { operationRecords } from "../../database/operations.ts";
import { drainRecords } from "../../database/worker-drains.ts";
import type { AuditEntry } from "../../domain/audit.ts";
import { type HistoryFigure, HOUR_MS, MINUTE_MS } from "../../domain/history.ts";
import { newId } from "../../domain/ids.ts";
import type { OperationRecord } from "../../domain/operations.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

/** The console's records: history, operations, the audit log, and drain requests. */
export function consolePoints(point: DefinePoint<DatabaseFixture>): void {
  historyPoints(point);
  operationPoints(point);

  point("audit.read", "what admins did is read newest first, by who and what", async (fixture) => {
    const records = auditRecords(await fixture.open());
    const entries = ["ann", "bob", "ann"].map((actor, n) =>
      auditEntry(actor, n === 2 ? "other" : "pause", n),
    );
    for (const entry of entries) await records.begin(entry);
    await records.finish({ ...entries[1]!, status: 200, detail: { n: 3 } });
    const ids = async (query: object) => (await records.list({ limit: 9, ...query })).map(({ at }) => at);
    expect(await ids({})).toEqual([2, 1, 0]);
    expect(await ids({ actor: "ann" })).toEqual([2, 0]);
    expect(await ids({ action: "pause", before: entries[1]!.id })).toEqual([0]);
    expect(await ids({ from: 1, to: 2 })).toEqual([1]);
    expect(await records.list({ limit: 1, actor: "bob" })).toMatchObject([{ status: 200, detail: { n: 3 } }]);
    await records.prune(entries[1]!.id);
    expect(await ids({})).toEqual([2, 1]);
  });

  point("drain.asked", "a worker that is asked to drain hears of it, once or often", async (fixture) => {
    const records = drainRecords(await fixture.open());
    for (const now of [1, 2]) await records.ask("w-1", now);
    expect([await records.isAsked("w-1"), await records.isAsked("w-2")]).toEqual([true, false]);
    await records.ask("w-2", 2 + 25 * HOUR_MS);
    expect([...(await records.asked())]).toEqual(["w-2"]);
  });
}

function historyPoints(point: DefinePoint<DatabaseFixture>): void {
  const now = Date.UTC(2026, 0, 5, 12, 30, 30);
  const figure = (metric: HistoryFigure["metric"], n: number, bucket = 0, queue = "") => ({
    ...{ queue, metric, bucket, n },
  });

  point(
    "history.adds",
    "figures of many processes are summed, and of depths the most counts",
    async (fixture) => {
      const records = [await fixture.open(), await fixture.open()].map(historyRecords);
      await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          records[n % 2]!.add([figure("ended", 2), figure("run", 1, n % 3), figure("ended", 1, 0, "q")], now),
        ),
      );
      await records[0]!.add([figure("ended", 5), figure("failed:bad", 4)], now + MINUTE_MS);
      for (const n of [3, 9, 4]) await records[n % 2]!.most([figure("waiting", n)], now);
      const read = async (stepMs: number, spanMs: number, metrics: string[], queue = "") => {
        const from = Math.floor(now / HOUR_MS) * HOUR_MS;
        const query = { queue, spanMs, stepMs, from, to: from + 2 * HOUR_MS };
        const rows = await records[0]!.read(query, metrics);
        return rows.map(({ at, metric, bucket, n }) => [(at - from) / MINUTE_MS, metric, bucket, n]).sort();
      };
      expect(await read(MINUTE_MS, MINUTE_MS, ["ended", "failed"])).toEqual([
        [30, "ended", 0, 20],
        [31, "ended", 0, 5],
        [31, "failed:bad", 0, 4],
      ]);
      expect(await read(2 * MINUTE_MS, MINUTE_MS, ["ended"])).toEqual([[30, "ended", 0, 25]]);
      expect(await read(HOUR_MS, HOUR_MS, ["ended", "waiting"])).toEqual([
        [0, "ended", 0, 25],
        [0, "waiting", 0, 9],
      ]);
      expect((await read(HOUR_MS, HOUR_MS, ["run"])).map((row) => row[3])).toEqual([4, 3, 3]);
      expect(await read(MINUTE_MS, MINUTE_MS, ["ended"], "q")).toEqual([[30, "ended", 0, 10]]);
    },
  );

  point("history.bounded", "minutes are kept for a day, and hours for thirty", async (fixture) => {
    const records = historyRecords(await fixture.open());
    const count = async (spanMs: number) =>
      (await records.read({ queue: "", spanMs, stepMs: spanMs, from: 0, to: now + 2 * HOUR_MS }, ["ended"]))
        .length;
    for (const days of [31, 29, 2, 0.5, 0])
      await records.add([figure("ended", 1)], now - days * 24 * HOUR_MS);
    expect([await count(MINUTE_MS), await count(HOUR_MS)]).toEqual([5, 5]);
    await records.prune(now);
    expect([await count(MINUTE_MS), await count(HOUR_MS)]).toEqual([2, 4]);
  });
}

function operationPoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "operation.one-runner",
    "of all processes one works on an operation, until it is silent",
    async (fixture) => {
      const records = [await fixture.open(), await fixture.open()].map(operationRecords);
      const [one, other] = records as [(typeof records)[0], (typeof records)[0]];
      const made = operationRecord();
      await one.create(made);
      expect(await other.free(10)).toEqual([made.id]);
      const taken = await Promise.all(
        Array.from({ length: 8 }, (_, n) => records[n % 2]!.take(made.id, `r${n}`, 10, 20)),
      );
      expect(taken.filter((record) => record !== null)).toHaveLength(1);
      const runner = `r${taken.findIndex((record) => record !== null)}`;
      expect(await one.free(19)).toEqual([]);
      expect(await one.save({ ...made, done: 1 }, runner, 30)).toBe(false);
      expect(await one.save({ ...made, done: 9 }, "another", 30)).toBeNull();
      // Its hold lapsed: another process takes over, and the first learns of it.
      expect(await other.take(made.id, "next", 31, 40)).toMatchObject({ done: 1 });
      expect(await one.save({ ...made, done: 2 }, runner, 50)).toBeNull();
      expect(await other.askToStop(made.id)).toBe(true);
      expect(await other.save({ ...made, done: 3 }, "next", 50)).toBe(true);
      const ended = { ...made, done: 3, state: "stopped" as const };
      expect(await other.save(ended, "next", 0)).toBe(true);
      expect(await one.free(99)).toEqual([]);
      expect([await one.askToStop(made.id), await one.open()]).toEqual([false, 0]);
      expect(await one.get(made.id)).toMatchObject({ done: 3, state: "stopped" });
    },
  );

  point("operation.started-once", "a dry run is started once, however many ask", async (fixture) => {
    const records = [await fixture.open(), await fixture.open()].map(operationRecords);
    const made = { ...operationRecord(), state: "counted" as const };
    await records[0]!.create(made);
    const started = await Promise.all(
      Array.from({ length: 8 }, (_, n) => records[n % 2]!.start({ ...made, state: "counting" })),
    );
    expect(started.filter(Boolean)).toHaveLength(1);
    expect(await records[1]!.free(0)).toEqual([made.id]);
  });

  point("operation.lineage", "a job says what it replays, and what replays it", async (fixture) => {
    const records = operationRecords(await fixture.open());
    const replay = { job_id: "b", from_job_id: "a", operation_id: "o", at: 1 };
    for (const _ of [1, 2]) await records.keepReplay(replay);
    expect([await records.replaysOf("a"), await records.replaysOf("b")]).toEqual([[replay], [replay]]);
    expect(await records.replaysOf("c")).toEqual([]);
  });
}

function operationRecord(): OperationRecord {
  return {
    ...{ id: newId(), target: "dead-letters", filter: {}, action: "replay", options: null },
    ...{ dryRun: false, canary: 1, perSecond: 20, stopAfter: 3, most: null },
    ...{ state: "counting", reason: null, matched: 0, done: 0, skipped: 0, returned: 0, skippedBy: {} },
    ...{ samples: [], cursor: null, isExhausted: false, batch: [], watched: [] },
    ...{ createdBy: "ann", createdAt: 1, startedAt: null, finishedAt: null },
  };
}

function auditEntry(actor: string, action: string, at: number): AuditEntry {
  return {
    ...{ id: newId(), actor, actorName: actor, via: "key", address: null, action, method: "POST" },
    ...{ path: "/v1/admin/x", target: {}, detail: {}, at, status: null, ms: null },
  };
}
