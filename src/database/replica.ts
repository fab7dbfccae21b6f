import { type Expression, type SqlBool, sql } from "kysely";
import type { Database } from "../ports/database.ts";
import type { ReplicaHeadRow, Tables } from "./tables.ts";

/** Rows per page of the log. */
export const PAGE_ROWS = 5_000;
/** Most changes per statement. */
export const MOST_CHANGES = 500;
/** Rows that one transaction of `compact` deletes. */
const COMPACTED_ROWS = 1_000;
/** How long removed keys stay in the log, for readers that were offline. */
const TOMBSTONE_MS = 24 * 3_600_000;
/** How long expired rows stay. */
const GRACE_MS = 10 * 60_000;

export type ReplicaHead = Pick<ReplicaHeadRow, "epoch" | "version" | "floor">;

export interface LoggedEntry {
  key: string;
  version: number;
  /** JSON; `null`: the key was removed. */
  value: string | null;
  expiresAt: number | null;
}

/** A change to a key. */
export interface EntryChange {
  key: string;
  /** JSON; `null` removes the key. */
  value: string | null;
  /** When it expires, ms since the epoch; `null`: never. */
  expiresAt: number | null;
}

/** The head from before the entries were read, and the entries above a version. */
export interface LogPage {
  /** `null`: nothing was ever written. */
  head: ReplicaHead | null;
  entries: LoggedEntry[];
  /** Nothing followed when it was read. */
  isLast: boolean;
}

export type ReplicaRecords = ReturnType<typeof replicaRecords>;

/** The logs of maps that every process keeps in memory. Versions have no gaps and become visible in order. */
export function replicaRecords({ db, batch }: Database<Tables>) {
  const bump = (map: string, epoch: string, by: number, when: Expression<SqlBool>) =>
    db
      .insertInto("replica_heads")
      .columns(["map", "epoch", "version", "floor"])
      .expression(
        sql<never>`select cast(${map} as text), cast(${epoch} as text), cast(${by} as bigint), 0 where ${when}`,
      )
      .onConflict((taken) =>
        taken.column("map").doUpdateSet({ version: sql<number>`replica_heads.version + ${by}` }),
      )
      .returning(["epoch", "version"]);

  const write = (map: string, changes: readonly EntryChange[], now: number, when: Expression<SqlBool>) => {
    const rows = changes.map(({ key, value, expiresAt }, n) => {
      const until = value === null ? now + TOMBSTONE_MS : expiresAt;
      const back = changes.length - 1 - n;
      return sql`(cast(${key} as text), cast(${back} as bigint), cast(${value ?? ""} as text),
        cast(${value === null ? 1 : 0} as integer), cast(${until} as bigint))`;
    });
    return db
      .insertInto("replica_entries")
      .columns(["map", "key", "version", "value", "deleted", "expires_at"])
      .expression(
        sql<never>`select h.map, e.column1, h.version - e.column2, e.column3, e.column4, e.column5
          from replica_heads as h, (values ${sql.join(rows)}) as e where h.map = ${map} and ${when}`,
      )
      .onConflict((taken) =>
        taken.columns(["map", "key"]).doUpdateSet((row) => ({
          version: row.ref("excluded.version"),
          value: row.ref("excluded.value"),
          deleted: row.ref("excluded.deleted"),
          expires_at: row.ref("excluded.expires_at"),
        })),
      );
  };

  return {
    /**
     * Two queries for a batch: they give each change a version under the head's lock, and the first query answers with
     * the last version. Put them after the batch's other changes, with maps in name order, so that locks are held
     * briefly and cannot deadlock.
     * @param changes at most `MOST_CHANGES`, with distinct keys
     * @param epoch of the log, if it begins with these changes
     * @param now by the store's clock
     * @param when if it does not hold in the batch, nothing is written, and the first query returns no row
     */
    changes(
      map: string,
      changes: readonly EntryChange[],
      { epoch, now, when = sql<SqlBool>`1 = 1` }: { epoch: string; now: number; when?: Expression<SqlBool> },
    ) {
      return [bump(map, epoch, changes.length, when), write(map, changes, now, when)] as const;
    },

    /** Heads of the maps that have ever been written. */
    async heads(maps: readonly string[]): Promise<ReplicaHeadRow[]> {
      return maps.length === 0
        ? []
        : db.selectFrom("replica_heads").selectAll().where("map", "in", maps).execute();
    },

    /** Entries of the log above a version, in order. */
    async page(map: string, above: number): Promise<LogPage> {
      const head = db
        .selectFrom("replica_heads")
        .select(["epoch", "version", "floor"])
        .where("map", "=", map);
      // The head is read first, so the entries contain all changes up to it. The floor is read last, so it reveals what
      // was removed in between.
      const [before, rows, after] = await batch([
        head,
        db
          .selectFrom("replica_entries")
          .select(["key", "version", "value", "deleted", "expires_at"])
          .where("map", "=", map)
          .where("version", ">", above)
          .orderBy("version")
          .limit(PAGE_ROWS),
        head,
      ]);
      const entries = rows.rows.map(({ key, version, value, deleted, expires_at }) => ({
        ...{ key, version, value: deleted === 1 ? null : value },
        expiresAt: expires_at,
      }));
      const [first] = before.rows;
      const floor = after.rows[0]?.floor ?? 0;
      return { head: first ? { ...first, floor } : null, entries, isLast: entries.length < PAGE_ROWS };
    },

    /** The given keys that exist in their maps, expired or not. */
    async find(
      keys: readonly { map: string; key: string }[],
    ): Promise<(Omit<LoggedEntry, "version"> & { map: string })[]> {
      const answers = await batch(
        [...Map.groupBy(keys, (one) => one.map)].flatMap(([map, some]) =>
          chunks([...new Set(some.map((one) => one.key))]).map((chunk) =>
            db
              .selectFrom("replica_entries")
              .select(["map", "key", "value", "expires_at"])
              .where("map", "=", map)
              .where("key", "in", chunk)
              .where("deleted", "=", 0),
          ),
        ),
      );
      return answers.flatMap(({ rows }) =>
        rows.map(({ map, key, value, expires_at }) => ({ map, key, value, expiresAt: expires_at })),
      );
    },

    /**
     * Deletes some of what nobody needs any more, in small steps. Returns the number of rows: call again while it is
     * above 0.
     */
    async compact(now: number): Promise<number> {
      const before = now - GRACE_MS;
      const old = await db
        .selectFrom("replica_entries")
        .select(["map", "key", "version"])
        .where("expires_at", "<", before)
        .orderBy("expires_at")
        .limit(COMPACTED_ROWS)
        .execute();
      const maps = [...Map.groupBy(old, (row) => row.map)].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [map, rows] of maps) {
        const floor = Math.max(...rows.map((row) => row.version));
        await batch([
          db.updateTable("replica_heads").set({ floor }).where("map", "=", map).where("floor", "<", floor),
          db
            .deleteFrom("replica_entries")
            .where("map", "=", map)
            .where(
              "key",
              "in",
              rows.map((row) => row.key),
            )
            // A key that was written again in the meantime is valid again.
            .where("expires_at", "<", before),
        ]);
      }
      return old.length;
    },
  };
}

/** Keys per query. */
const MOST_KEYS = 1_000;

function chunks(keys: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, n) =>
    keys.slice(n * MOST_KEYS, (n + 1) * MOST_KEYS),
  );
}
