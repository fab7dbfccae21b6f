import { type Expression, type SqlBool, sql } from "kysely";
import { candidateColumns, type SearchIndex } from "./search-index.ts";

/** earthdistance uses a sphere that is 1.0011 times as large as the one for our distances. */
const LARGER = 1.0012;

/** Uses earthdistance for positions and pg_trgm for names. Both contain only accepted places. */
export const postgresIndex: SearchIndex = {
  async make(change) {
    for (const extension of ["cube", "earthdistance", "pg_trgm"]) {
      await sql`create extension if not exists ${sql.ref(extension)}`.execute(change);
    }
    // In a column, because an index on `ll_to_earth` cannot be analyzed or restored: it does not name its schema.
    await sql`alter table place add column if not exists spot cube`.execute(change);
    await sql`create index if not exists place_spot on place using gist (spot)`.execute(change);
    await sql`
      create index if not exists place_names on place using gin (folded gin_trgm_ops) where state = 'accepted'
    `.execute(change);
  },

  async add(change, ids) {
    if (ids.length === 0) return;
    await sql`update place set spot = ll_to_earth(lat, lon) where id in (${sql.join(ids)})`.execute(change);
  },

  async remove(change, ids) {
    if (ids.length === 0) return;
    await sql`update place set spot = null where id in (${sql.join(ids)})`.execute(change);
  },

  near(db, { lat, lon }, meters, category) {
    return db
      .selectFrom("place")
      .select(candidateColumns)
      .where(sql<SqlBool>`earth_box(ll_to_earth(${lat}, ${lon}), ${meters * LARGER + 1}) @> spot`)
      .$if(category !== null, (query) => query.where("category", "=", category!))
      .execute();
  },

  named(db, { trigrams, least, limit }) {
    const patterns = trigrams.map((trigram) => `%${trigram}%`);
    const found = sql.join(
      trigrams.map((trigram) => sql`(strpos(place.folded, ${trigram}) > 0)::int`),
      sql` + `,
    ) as Expression<number>;
    return (
      db
        .selectFrom("place")
        .select(candidateColumns)
        .where("state", "=", "accepted")
        .where(sql<SqlBool>`place.folded like any (${patterns}::text[])`)
        .where(sql<SqlBool>`${found} >= ${least}`)
        .orderBy(found, "desc")
        // Bytewise, as SQLite compares.
        .orderBy(sql`place.id collate "C"`)
        .limit(limit)
        .execute()
    );
  },
};
