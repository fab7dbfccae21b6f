import { expressionBuilder } from "kysely";
import type { ApiKeyRecord, Scope } from "../domain/accounts.ts";
import type { Database } from "../ports/database.ts";
import { type AccountMirror, noMirror } from "./account-mirror.ts";
import type { ApiKeyRow } from "./tables/accounts.ts";
import type { Tables } from "./tables.ts";

export type ApiKeyRecords = ReturnType<typeof apiKeyRecords>;

/** Records of API keys. Only hashes of the keys are stored. */
export function apiKeyRecords({ db, batch }: Database<Tables>, mirror: AccountMirror = noMirror) {
  const { exists, not } = expressionBuilder<Tables, never>();
  const row = (id: string) => db.selectFrom("api_keys").select("id").where("id", "=", id);

  return {
    /** Records a new key, unless its user already has `most`. */
    async create(key: ApiKeyRecord, hash: string, most: number): Promise<boolean> {
      const told = mirror.prepare([mirror.key(key, hash)], { when: exists(row(key.id)) });
      const [, undone, ...others] = await batch([
        db.insertInto("api_keys").values(rowOf(key, hash)),
        db
          .deleteFrom("api_keys")
          .where("id", "=", key.id)
          .where(
            (others) =>
              others
                .selectFrom("api_keys as other")
                .select((count) => count.fn.countAll<number>().as("n"))
                .where("other.user_id", "=", key.userId),
            ">",
            most,
          ),
        ...told.queries,
      ]);
      await told.told(others);
      return undone.changes === 0;
    },

    /** The caller checks its expiry. */
    async byHash(hash: string): Promise<ApiKeyRecord | null> {
      const row = await db.selectFrom("api_keys").selectAll().where("hash", "=", hash).executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** Ordered by id; `after` is the last one on the previous page. */
    async list(query: { userId: string; after?: string; limit: number }): Promise<ApiKeyRecord[]> {
      let rows = db
        .selectFrom("api_keys")
        .selectAll()
        .where("user_id", "=", query.userId)
        .orderBy("id")
        .limit(query.limit);
      if (query.after !== undefined) rows = rows.where("id", ">", query.after);
      return (await rows.execute()).map(parse);
    },

    async get(userId: string, id: string): Promise<ApiKeyRecord | null> {
      const row = await db
        .selectFrom("api_keys")
        .selectAll()
        .where("id", "=", id)
        .where("user_id", "=", userId)
        .executeTakeFirst();
      return row ? parse(row) : null;
    },

    async rename(userId: string, id: string, name: string): Promise<boolean> {
      const query = db
        .updateTable("api_keys")
        .set({ name })
        .where("id", "=", id)
        .where("user_id", "=", userId);
      return (await query.executeTakeFirstOrThrow()).numUpdatedRows === 1n;
    },

    async remove(userId: string, id: string): Promise<boolean> {
      const own = db.selectFrom("api_keys").select("hash").where("id", "=", id).where("user_id", "=", userId);
      const known = await own.executeTakeFirst();
      if (!known) return false;
      const told = mirror.prepare([mirror.noKey(known.hash)], { when: not(exists(row(id))) });
      const [done, ...others] = await batch([
        db.deleteFrom("api_keys").where("id", "=", id).where("user_id", "=", userId),
        ...told.queries,
      ]);
      await told.told(others);
      return done.changes === 1;
    },

    /** Records when keys were last used; an older time changes nothing. */
    async used(times: ReadonlyMap<string, number>): Promise<void> {
      await batch(
        [...times].map(([id, at]) =>
          db
            .updateTable("api_keys")
            .set({ last_used_at: at })
            .where("id", "=", id)
            .where((is) => is.or([is("last_used_at", "is", null), is("last_used_at", "<", at)])),
        ),
      );
    },
  };
}

function rowOf(key: ApiKeyRecord, hash: string): ApiKeyRow {
  const { id, name, hint } = key;
  return {
    ...{ id, name, hash, hint },
    user_id: key.userId,
    scopes: key.scopes.join(" "),
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    last_used_at: key.lastUsedAt,
  };
}

function parse(row: ApiKeyRow): ApiKeyRecord {
  const { id, name, hint } = row;
  return {
    ...{ id, name, hint },
    userId: row.user_id,
    scopes: row.scopes.split(" ") as Scope[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}
