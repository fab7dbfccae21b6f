import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { charactersOf, type Grant, grantAll, owns } from "./grants.ts";
import { openRecords, type Records } from "./open.ts";

const postgres = process.env.RECYCLING_TEST_POSTGRES ?? process.env.MILLRACE_TEST_POSTGRES;
const grant = (n: number, owner: string, character: string): Grant => ({
  ...{ grantId: `job-${n}/0`, owner, character, material: "glass" },
});

for (const name of ["SQLite", "PostgreSQL"] as const) {
  describe.skipIf(name === "PostgreSQL" && !postgres)(`grants in ${name}`, () => {
    let folder = "";
    let two: Records[] = [];

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "recycling-"));
      const where = name === "SQLite" ? `sqlite:${join(folder, "records.db")}` : await ownSchema();
      // SQLite calls block the thread, so two connections in one process would wait for each other.
      const first = await openRecords(where);
      two = [first, name === "SQLite" ? first : await openRecords(where)];
    });
    afterAll(async () => {
      if (name === "PostgreSQL" && two[0]) await sql`drop schema ${sql.id(schema)} cascade`.execute(two[0]);
      for (const one of new Set(two)) await one.destroy();
      await rm(folder, { recursive: true, force: true });
    });

    test("are made once for each user and character, and repeating them changes nothing", async () => {
      const [database] = two as [Records];
      const wanted = [grant(1, "ada", "marble"), grant(2, "ada", "marble"), grant(3, "bo", "marble")];
      expect(await grantAll(database, wanted, 10)).toEqual(["new", "owned", "new"]);
      expect(await grantAll(database, wanted, 20)).toEqual(["new", "owned", "new"]);
      expect(await grantAll(database, [grant(4, "ada", "marble")], 30)).toEqual(["owned"]);
      expect(await charactersOf(database, "ada")).toEqual([
        { character: "marble", material: "glass", grantedAt: 10 },
      ]);
      expect([await owns(database, "bo", "marble"), await owns(database, "bo", "drop")]).toEqual([
        true,
        false,
      ]);
      const history = await database
        .selectFrom("grant_history")
        .select(["grant_id", "outcome", "at"])
        .orderBy("grant_id")
        .execute();
      expect(history.map((row) => [row.grant_id, row.outcome, row.at])).toEqual([
        ["job-1/0", "new", 10],
        ["job-2/0", "owned", 10],
        ["job-3/0", "new", 10],
        ["job-4/0", "owned", 30],
      ]);
    });

    test("that are made at the same moment have one row each", async () => {
      const batch = (from: number) =>
        Array.from({ length: 50 }, (_, n) => grant(from + n, `user-${n % 25}`, `character-${n % 3}`));
      const both = await Promise.all(
        Array.from({ length: 10 }, (_, n) => grantAll(two[n % 2]!, batch(1_000 + 50 * n), n)),
      );
      const rows = await two[0]!
        .selectFrom("user_characters")
        .select(["owner", "character"])
        .where("owner", "like", "user-%")
        .execute();
      const different = new Set(rows.map((row) => `${row.owner} ${row.character}`));
      expect(rows).toHaveLength(different.size);
      expect(both.flat().filter((outcome) => outcome === "new")).toHaveLength(different.size);
    });
  });
}

const schema = `recycling_test_${process.pid}`;

/** A separate schema for this test, set as its connections' search path. */
async function ownSchema(): Promise<string> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: postgres });
  await client.connect();
  await client.query(`create schema ${schema}`);
  await client.end();
  const url = new URL(postgres!);
  url.searchParams.set("options", `-c search_path=${schema}`);
  return url.href;
}
