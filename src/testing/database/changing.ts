import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { type DatabaseFixture, row } from "./fixture.ts";

export function changePoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "statement.round-trip",
    "text and numbers come back as they were, on any connection",
    async (fixture) => {
      const { db } = fixture.database;
      const written = row("가'\";--", {
        owner: "소유자 👩‍🚀",
        expires_at: Number.MAX_SAFE_INTEGER,
        body: '{"a":[1.5]}',
      });
      await db.insertInto("uploads").values(written).execute();
      const other = await fixture.open();
      expect(await other.db.selectFrom("uploads").selectAll().execute()).toEqual([written]);
      const { n } = await other.db
        .selectFrom("uploads")
        .select((select) => select.fn.countAll<number>().as("n"))
        .executeTakeFirstOrThrow();
      expect(n).toBe(1);
    },
  );

  point(
    "statement.counts",
    "a change says how many rows it changed, and gives them where asked",
    async (fixture) => {
      const { db } = fixture.database;
      const made = await db
        .insertInto("uploads")
        .values([row("a"), row("b"), row("c")])
        .executeTakeFirst();
      expect(made.numInsertedOrUpdatedRows).toBe(3n);
      const again = db
        .insertInto("uploads")
        .values(row("a"))
        .onConflict((taken) => taken.doNothing());
      expect((await again.executeTakeFirst()).numInsertedOrUpdatedRows).toBe(0n);
      const moved = db.updateTable("uploads").set({ expires_at: 2 }).where("id", "in", ["a", "b"]);
      expect((await moved.executeTakeFirst()).numUpdatedRows).toBe(2n);
      const gone = await db.deleteFrom("uploads").where("expires_at", "=", 2).returning("id").execute();
      expect(gone.map(({ id }) => id).sort()).toEqual(["a", "b"]);
    },
  );

  point("statement.race", "of ten that change what they have read, nine lose", async (fixture) => {
    await fixture.database.db.insertInto("uploads").values(row("a")).execute();
    const databases = [fixture.database, await fixture.open(), await fixture.open()];
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        databases[n % 3]!.db.updateTable("uploads")
          .set({ expires_at: 10 + n })
          .where("id", "=", "a")
          .where("expires_at", "=", 1)
          .executeTakeFirstOrThrow(),
      ),
    );
    expect(answers.filter((answer) => answer.numUpdatedRows === 1n)).toHaveLength(1);
  });

  point(
    "batch.ordered",
    "the statements of a batch run in their order, and each is answered",
    async ({ database }) => {
      const { db, batch } = database;
      const [made, moved, rows, gone] = await batch([
        db.insertInto("uploads").values([row("a"), row("b")]),
        db.updateTable("uploads").set({ owner: "other" }).where("id", "=", "a"),
        db.selectFrom("uploads").select(["id", "owner"]).orderBy("id"),
        db.deleteFrom("uploads").where("id", "=", "b").returning("id"),
      ]);
      expect([made.changes, moved.changes]).toEqual([2, 1]);
      expect(rows.rows).toEqual([
        { id: "a", owner: "other" },
        { id: "b", owner: "owner" },
      ]);
      expect(gone).toEqual({ rows: [{ id: "b" }], changes: 1 });
      expect(await batch([])).toEqual([]);
    },
  );

  point(
    "batch.atomic",
    "nothing of a batch has happened when one of its statements fails",
    async ({ database }) => {
      const { db, batch } = database;
      await db.insertInto("uploads").values(row("taken")).execute();
      const insert = (id: string) => db.insertInto("uploads").values(row(id));
      const failing = batch([db.deleteFrom("uploads"), insert("new"), insert("new")]);
      const beside = ["x", "y"].map((id) => insert(id).execute());
      await expect(failing).rejects.toMatchObject({ code: "already_exists" });
      await Promise.all(beside);
      const left = await db.selectFrom("uploads").select("id").orderBy("id").execute();
      expect(left.map(({ id }) => id)).toEqual(["taken", "x", "y"]);
    },
  );

  point("batch.apart", "batches at once are each whole: nobody sees half of one", async (fixture) => {
    const { db, batch } = fixture.database;
    const reader = await fixture.open();
    await batch([db.insertInto("uploads").values([row("a"), row("b")])]);
    const writing = Array.from({ length: 20 }, (_, n) =>
      batch(["a", "b"].map((id) => db.updateTable("uploads").set({ expires_at: n }).where("id", "=", id))),
    );
    const reading = Array.from({ length: 20 }, () =>
      reader.db.selectFrom("uploads").select("expires_at").execute(),
    );
    await Promise.all(writing);
    for (const [a, b] of await Promise.all(reading)) expect(a).toEqual(b);
  });
}
