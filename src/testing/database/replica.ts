import { sql } from "kysely";
import { expect } from "vitest";
import { type EntryChange, PAGE_ROWS, replicaRecords } from "../../database/replica.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const NOW = 1_000_000_000_000;
const DAY_MS = 24 * 3_600_000;

export function replicaPoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "replica.versions",
    "changes get versions without gaps, and come back in their order",
    async (fixture) => {
      const { records, write } = open(fixture);
      expect(await records.page("users", 0)).toEqual({ head: null, entries: [], isLast: true });
      expect(await write("users", [set("a", '"가"'), set("b", "2", NOW + 5)])).toMatchObject({ version: 2 });
      expect(await write("users", [remove("a"), set("c", "3")])).toMatchObject({ version: 4 });
      expect(await write("other", [set("a", "1")])).toMatchObject({ version: 1 });
      const { head, entries } = await records.page("users", 0);
      expect(head).toMatchObject({ version: 4, floor: 0 });
      expect(entries).toEqual([
        { key: "b", version: 2, value: "2", expiresAt: NOW + 5 },
        { key: "a", version: 3, value: null, expiresAt: NOW + DAY_MS },
        { key: "c", version: 4, value: "3", expiresAt: null },
      ]);
      expect((await records.page("users", 3)).entries.map(({ key }) => key)).toEqual(["c"]);
      const heads = await records.heads(["users", "other", "none"]);
      expect(heads.map(({ map, version }) => [map, version]).sort()).toEqual([
        ["other", 1],
        ["users", 4],
      ]);
      expect(await records.heads([])).toEqual([]);
    },
  );

  point("replica.find", "keys are looked up, and removed ones are not there", async (fixture) => {
    const { records, write } = open(fixture);
    await write("users", [set("a", "1", NOW), set("b", "2"), remove("c")]);
    await write("other", [set("b", "3")]);
    const keys = (map: string, ...some: string[]) => some.map((key) => ({ map, key }));
    expect(await records.find([...keys("users", "a", "a", "c", "d"), ...keys("other", "a", "b")])).toEqual([
      { map: "users", key: "a", value: "1", expiresAt: NOW },
      { map: "other", key: "b", value: "3", expiresAt: null },
    ]);
    const many = keys("users", ...Array.from({ length: 2_500 }, (_, n) => `none ${n}`), "b");
    expect(await records.find(many)).toHaveLength(1);
    expect(await records.find([])).toEqual([]);
  });

  point("replica.guarded", "nothing is written where its condition does not hold", async (fixture) => {
    const { write } = open(fixture);
    const { db } = fixture.database;
    const isThere = (key: string) =>
      sql<boolean>`exists (select 1 from replica_entries where map = 'users' and key = ${key})`;
    expect(await write("users", [set("a", "1")], isThere("b"))).toBeUndefined();
    expect(await write("users", [set("b", "1")])).toMatchObject({ version: 1 });
    expect(await write("users", [set("a", "1")], isThere("b"))).toMatchObject({ version: 2 });
    expect(await write("users", [set("b", "2")], isThere("c"))).toBeUndefined();
    const rows = await db.selectFrom("replica_entries").select(["key", "value"]).orderBy("key").execute();
    expect(rows).toEqual([
      { key: "a", value: "1" },
      { key: "b", value: "1" },
    ]);
  });

  point("replica.in-order", "of many writers at once, versions are seen without a gap", async (fixture) => {
    const all = [fixture.database, await fixture.open(), await fixture.open()].map(replicaRecords);
    const reader = replicaRecords(await fixture.open());
    let isWriting = true;
    const seen: number[] = [];
    const reading = (async () => {
      while (isWriting) {
        const above = seen.at(-1) ?? 0;
        const { entries } = await reader.page("busy", above);
        for (const { version } of entries) seen.push(version);
      }
    })();
    const { batch } = fixture.database;
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        batch([...all[n % 3]!.changes("busy", [set(`key ${n}`, "1")], { epoch: "e", now: NOW })]),
      ),
    );
    isWriting = false;
    await reading;
    for (const { version } of (await reader.page("busy", seen.at(-1) ?? 0)).entries) seen.push(version);
    expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
  });

  point("replica.pages", "a long log is read page by page", async (fixture) => {
    const { records, write } = open(fixture);
    for (let n = 0; n < PAGE_ROWS + 500; n += 500) {
      await write(
        "many",
        Array.from({ length: 500 }, (_, m) => set(`${n + m}`, "1")),
      );
    }
    const first = await records.page("many", 0);
    expect([first.entries.length, first.isLast]).toEqual([PAGE_ROWS, false]);
    const rest = await records.page("many", first.entries.at(-1)!.version);
    expect([rest.entries.length, rest.isLast, rest.head!.version]).toEqual([500, true, PAGE_ROWS + 500]);
  });

  point(
    "replica.compact",
    "what expired and what was removed goes, and the floor says so",
    async (fixture) => {
      const { records, write } = open(fixture);
      await write("users", [set("stays", "1"), set("later", "1", NOW + 10 * DAY_MS)]);
      await write("users", [set("over", "1", NOW), set("back", "1", NOW), remove("gone")]);
      expect(await records.compact(NOW + 1)).toBe(0);
      expect((await records.page("users", 0)).entries).toHaveLength(5);
      await write("users", [set("back", "2")]);
      expect(await records.compact(NOW + 2 * DAY_MS)).toBe(2);
      expect(await records.compact(NOW + 2 * DAY_MS)).toBe(0);
      const { head, entries } = await records.page("users", 0);
      expect(entries.map(({ key }) => key)).toEqual(["stays", "later", "back"]);
      expect(head).toMatchObject({ version: 6, floor: 5 });
    },
  );
}

function open({ database }: DatabaseFixture) {
  const records = replicaRecords(database);
  const write = async (map: string, changes: EntryChange[], when?: ReturnType<typeof sql<boolean>>) => {
    const [head] = await database.batch([
      ...records.changes(map, changes, { epoch: `epoch of ${map}`, now: NOW, when }),
    ]);
    return head!.rows[0] as { version: number } | undefined;
  };
  return { records, write };
}

function set(key: string, value: string, expiresAt: number | null = null): EntryChange {
  return { key, value, expiresAt };
}

function remove(key: string): EntryChange {
  return { key, value: null, expiresAt: null };
}
