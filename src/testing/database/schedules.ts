import { expect } from "vitest";
import { scheduleRecords } from "../../database/schedules.ts";
import { newId } from "../../domain/ids.ts";
import type { ScheduleRecord } from "../../domain/schedules.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const MOST = 3;

export function schedulePoints(point: DefinePoint<DatabaseFixture>): void {
  point("schedule.round-trip", "a schedule comes back as it was created, to its owner", async (fixture) => {
    const records = scheduleRecords(fixture.database);
    const schedule = record({ name: "매일 보고", items: [{ name: "a", data: { b: [1, null] } }] });
    expect(await records.create(schedule, MOST)).toBe(true);
    expect(await records.create(schedule, MOST)).toBe(true);
    const other = scheduleRecords(await fixture.open());
    expect(await other.get({ owner: "owner", id: schedule.id })).toEqual(schedule);
    expect(await other.get({ owner: null, id: schedule.id })).toEqual(schedule);
    expect(await other.get({ owner: "another", id: schedule.id })).toBeNull();
    expect(await other.remove({ owner: "another", id: schedule.id })).toBe(false);
    expect(await other.remove({ owner: "owner", id: schedule.id })).toBe(true);
    expect(await records.get({ owner: "owner", id: schedule.id })).toBeNull();
  });

  point("schedule.most", "an owner has at most so many", async ({ database }) => {
    const records = scheduleRecords(database);
    for (let n = 0; n < MOST; n++) expect(await records.create(record(), MOST)).toBe(true);
    expect(await records.create(record(), MOST)).toBe(false);
    expect(await records.create(record({ owner: "another" }), MOST)).toBe(true);
  });

  point("schedule.pages", "lists are read page by page", async ({ database }) => {
    const records = scheduleRecords(database);
    const made = Array.from({ length: 5 }, (_, n) => record({ owner: n === 4 ? "another" : "owner" }));
    for (const one of made) await records.create(one, 10);
    const first = await records.list({ owner: "owner", limit: 3 });
    const rest = await records.list({ owner: "owner", limit: 3, after: first.at(-1)!.id });
    expect([...first, ...rest]).toEqual(made.slice(0, 4));
    expect(await records.list({ owner: null, limit: 10 })).toEqual(made);
  });

  point(
    "schedule.due",
    "what is due comes first, of the pipelines that were asked for",
    async ({ database }) => {
      const records = scheduleRecords(database);
      const [late, later, paused, future, other] = [
        record({ dueAt: 20 }),
        record({ dueAt: 10 }),
        record({ dueAt: null }),
        record({ dueAt: 31 }),
        record({ dueAt: 10, pipeline: "other" }),
      ];
      for (const one of [late, later, paused, future, other]) await records.create(one, 10);
      const due = async (limit: number) =>
        (await records.due({ now: 30, pipelines: ["report"], limit })).map(({ id }) => id);
      expect(await records.due({ now: 30, pipelines: ["report"], limit: 1 })).toEqual([
        { id: later.id, owner: later.owner },
      ]);
      expect(await due(10)).toEqual([later.id, late.id]);
      const twin = record({ dueAt: 10 });
      await records.create(twin, 10);
      expect(await due(10)).toEqual([later.id, twin.id, late.id]);
      await records.remove({ owner: "owner", id: twin.id });
      expect(await records.due({ now: 30, pipelines: [], limit: 10 })).toEqual([]);
      await records.update({ owner: null, id: later.id }, (one) => ({ ...one, dueAt: 40 }));
      expect(await due(10)).toEqual([late.id]);
    },
  );

  point(
    "schedule.race",
    "of those that change it at once, each sees what the others did",
    async (fixture) => {
      const all = [fixture.database, await fixture.open(), await fixture.open()].map(scheduleRecords);
      const schedule = record({ dueAt: 0 });
      await all[0]!.create(schedule, MOST);
      const query = { owner: null, id: schedule.id };
      const count = (one: ScheduleRecord) => ({ ...one, dueAt: one.dueAt! + 1 });
      await Promise.all(Array.from({ length: 12 }, (_, n) => all[n % 3]!.update(query, count)));
      expect((await all[0]!.get(query))?.dueAt).toBe(12);
      expect(await all[0]!.update(query, () => null)).toMatchObject({ dueAt: 12 });
      expect(await all[0]!.update({ owner: null, id: newId() }, count)).toBeNull();
    },
  );
}

function record(parts: Partial<ScheduleRecord> = {}): ScheduleRecord {
  return {
    id: newId(),
    owner: "owner",
    name: "nightly",
    pipeline: "report",
    options: {},
    items: [],
    timing: { cron: "0 2 * * *", timeZone: "Europe/Berlin" },
    missed: "once",
    overlap: "skip",
    definedBy: null,
    dueAt: 10,
    last: null,
    lastJobId: null,
    createdAt: 1,
    ...parts,
  };
}
