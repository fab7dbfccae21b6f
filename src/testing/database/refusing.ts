import { sql } from "kysely";
import { expect } from "vitest";
import { MAX_ROWS } from "../../ports/database.ts";
import type { DefinePoint } from "../points.ts";
import { type DatabaseFixture, row } from "./fixture.ts";

/** Rows per statement: each has four values, and SQLite takes 32,766. */
const AT_ONCE = 5_000;

export function refusalPoints(point: DefinePoint<DatabaseFixture>): void {
  point("refusal.key", "a unique key that is taken is told as that", async ({ database: { db } }) => {
    await db.insertInto("uploads").values(row("a")).execute();
    const again = db.insertInto("uploads").values(row("a")).execute();
    await expect(again).rejects.toMatchObject({ code: "already_exists", retryable: false });
  });

  point(
    "refusal.value",
    "what the stores would keep differently is refused",
    async ({ database: { db } }) => {
      const found = (id: unknown) =>
        db
          .selectFrom("uploads")
          .selectAll()
          .where("id", "=", id as string)
          .execute();
      for (const value of [true, new Date(), Number.NaN, 1n, undefined, Buffer.from("a")]) {
        await expect(found(value)).rejects.toMatchObject({ code: "internal" });
      }
      await expect(found("a\0b")).rejects.toMatchObject({ code: "invalid_request" });
    },
  );

  point("refusal.transaction", "there are no interactive transactions", async ({ database: { db } }) => {
    const change = db.transaction().execute((within) => within.deleteFrom("uploads").execute());
    await expect(change).rejects.toThrow("Send a batch");
  });

  point(
    "refusal.rows",
    "an answer of too many rows is refused, and changes nothing",
    async ({ database }) => {
      const { db, batch } = database;
      const ids = Array.from({ length: MAX_ROWS + 1 }, (_, n) => String(n));
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        await db
          .insertInto("uploads")
          .values(ids.slice(from, from + AT_ONCE).map((id) => row(id)))
          .execute();
      }
      const all = db.selectFrom("uploads").select("id");
      await expect(all.execute()).rejects.toMatchObject({ code: "payload_too_large" });
      expect(await all.limit(MAX_ROWS).execute()).toHaveLength(MAX_ROWS);
      const remove = batch([db.deleteFrom("uploads").returning("id")]);
      await expect(remove).rejects.toMatchObject({ code: "payload_too_large" });
      const { n } = await db
        .selectFrom("uploads")
        .select((select) => select.fn.countAll<number>().as("n"))
        .executeTakeFirstOrThrow();
      expect(n).toBe(MAX_ROWS + 1);
    },
  );

  point("refusal.broken", "a statement that cannot be run fails alone", async ({ database: { db } }) => {
    const [broken, fine] = await Promise.allSettled([
      sql`DELETE FROM nothing_of_that_name`.execute(db),
      db.insertInto("uploads").values(row("a")).execute(),
    ]);
    expect(broken).toMatchObject({ status: "rejected", reason: { code: "internal", retryable: false } });
    expect(fine.status).toBe("fulfilled");
  });

  point("refusal.closed", "a closed connection says so", async (fixture) => {
    const database = await fixture.open();
    await database.close();
    const asked = database.db.selectFrom("uploads").selectAll().execute();
    await expect(asked).rejects.toMatchObject({ code: "closed" });
  });
}
