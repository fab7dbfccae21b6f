import { type Expression, type SqlBool, sql } from "kysely";
import { boxAround } from "../geo/distance.ts";
import { candidateColumns, type SearchIndex } from "./search-index.ts";

/** Uses R*Tree for positions and FTS5 for names. Both contain only accepted places. */
export const sqliteIndex: SearchIndex = {
  async make(change) {
    await sql`create virtual table if not exists place_box using rtree (n, south, north, west, east)`.execute(
      change,
    );
    await sql`
      create virtual table if not exists place_names
      using fts5 (folded, tokenize = 'trigram', content = '', contentless_delete = 1)
    `.execute(change);
  },

  async add(change, ids) {
    if (ids.length === 0) return;
    await this.remove(change, ids);
    // The tree rounds to 32 bits: lower bounds down, upper bounds up.
    await sql`
      insert into place_box select n, lat, lat, lon, lon from place where id in (${sql.join(ids)})
    `.execute(change);
    await sql`
      insert into place_names (rowid, folded) select n, folded from place where id in (${sql.join(ids)})
    `.execute(change);
  },

  async remove(change, ids) {
    if (ids.length === 0) return;
    const numbers = sql`select n from place where id in (${sql.join(ids)})`;
    await sql`delete from place_box where n in (${numbers})`.execute(change);
    await sql`delete from place_names where rowid in (${numbers})`.execute(change);
  },

  near(db, center, meters, category) {
    const { south, north, west, east } = boxAround(center, meters);
    return db
      .selectFrom("place")
      .select(candidateColumns)
      .where(
        sql<SqlBool>`place.n in (
          select n from place_box
          where north >= ${south} and south <= ${north} and east >= ${west} and west <= ${east}
        )`,
      )
      .$if(category !== null, (query) => query.where("category", "=", category!))
      .execute();
  },

  named(db, { trigrams, least, limit }) {
    const anyOf = trigrams.map((trigram) => `"${trigram}"`).join(" OR ");
    const found = sql.join(
      trigrams.map((trigram) => sql`(instr(place.folded, ${trigram}) > 0)`),
      sql` + `,
    ) as Expression<number>;
    return db
      .selectFrom("place")
      .select(candidateColumns)
      .where(sql<SqlBool>`place.n in (select rowid from place_names where place_names match ${anyOf})`)
      .where(sql<SqlBool>`${found} >= ${least}`)
      .orderBy(found, "desc")
      .orderBy("place.id")
      .limit(limit)
      .execute();
  },
};
