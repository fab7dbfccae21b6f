import { expressionBuilder } from "kysely";
import type { SessionRecord } from "../domain/accounts.ts";
import type { Database } from "../ports/database.ts";
import { type AccountMirror, noMirror } from "./account-mirror.ts";
import type { SessionRow } from "./tables/accounts.ts";
import type { Tables } from "./tables.ts";

/** Expired sessions deleted with each new one. */
const FORGET = 100;

/** Ids per statement; SQLite and PostgreSQL allow many more. */
const MOST_AT_ONCE = 500;

export type SessionRecords = ReturnType<typeof sessionRecords>;

/** Records of sessions, and of the signing keys of access tokens. */
export function sessionRecords({ db, batch }: Database<Tables>, mirror: AccountMirror = noMirror) {
  return {
    /** Records a new session, and deletes some that expired long ago. */
    async create(session: SessionRecord, now: number): Promise<void> {
      const over = db.selectFrom("sessions").select("id").where("expires_at", "<=", now).limit(FORGET);
      await batch([
        db.deleteFrom("sessions").where("id", "in", over),
        db.insertInto("sessions").values(rowOf(session)),
      ]);
    },

    /** `null` if it does not exist or has ended. */
    async live(id: string, now: number): Promise<SessionRecord | null> {
      const row = await db
        .selectFrom("sessions")
        .selectAll()
        .where("id", "=", id)
        .where("revoked_at", "is", null)
        .where("expires_at", ">", now)
        .executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** A user's live sessions, newest first. */
    async ofUser(userId: string, now: number, limit: number): Promise<SessionRecord[]> {
      const rows = await db
        .selectFrom("sessions")
        .selectAll()
        .where("user_id", "=", userId)
        .where("revoked_at", "is", null)
        .where("expires_at", ">", now)
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(parse);
    },

    /** Advances to the next refresh token if `counter` is current: of several concurrent callers, one succeeds. */
    async rotate(
      { id, counter }: Pick<SessionRecord, "id" | "counter">,
      { now, expiresAt, address }: { now: number; expiresAt: number; address: string },
    ): Promise<boolean> {
      const done = await db
        .updateTable("sessions")
        .set({
          counter: counter + 1,
          rotated_at: now,
          last_used_at: now,
          expires_at: expiresAt,
          address,
        })
        .where("id", "=", id)
        .where("counter", "=", counter)
        .where("revoked_at", "is", null)
        .executeTakeFirstOrThrow();
      return done.numUpdatedRows === 1n;
    },

    /** @param userId the session must belong to this user; `null`: anyone */
    async revoke(id: string, userId: string | null, now: number): Promise<boolean> {
      let query = db
        .updateTable("sessions")
        .set({ revoked_at: now })
        .where("id", "=", id)
        .where("revoked_at", "is", null);
      if (userId !== null) query = query.where("user_id", "=", userId);
      const ended = db.selectFrom("sessions").select("id").where("id", "=", id).where("revoked_at", "=", now);
      const told = mirror.prepare([mirror.ended(id)], {
        when: expressionBuilder<Tables, never>().exists(ended),
      });
      const [done, ...others] = await batch([query, ...told.queries]);
      await told.told(others);
      return done.changes === 1;
    },

    /** Revokes all of a user's sessions except `except`. Returns their ids. */
    async revokeAll(userId: string, now: number, except: string | null = null): Promise<string[]> {
      let query = db
        .updateTable("sessions")
        .set({ revoked_at: now })
        .where("user_id", "=", userId)
        .where("revoked_at", "is", null);
      if (except !== null) query = query.where("id", "!=", except);
      return (await query.returning("id").execute()).map(({ id }) => id);
    },

    /** Revokes sessions by id, and all sessions of some users. Ignores unknown ids. */
    async revokeThese({ ids, userIds }: { ids: readonly string[]; userIds: readonly string[] }, now: number) {
      const open = () => db.updateTable("sessions").set({ revoked_at: now }).where("revoked_at", "is", null);
      for (let n = 0; n < ids.length; n += MOST_AT_ONCE) {
        await open()
          .where("id", "in", ids.slice(n, n + MOST_AT_ONCE))
          .execute();
      }
      for (let n = 0; n < userIds.length; n += MOST_AT_ONCE) {
        await open()
          .where("user_id", "in", userIds.slice(n, n + MOST_AT_ONCE))
          .execute();
      }
    },

    /** Signing keys, newest first. */
    async signingKeys(): Promise<{ id: string; createdAt: number }[]> {
      const rows = await db.selectFrom("signing_keys").selectAll().orderBy("created_at", "desc").execute();
      return rows.map(({ id, created_at }) => ({ id, createdAt: created_at }));
    },

    /** Adds a signing key unless one is newer than `unlessSince`; deletes those older than `forgetBefore`. */
    async addSigningKey(
      key: { id: string; createdAt: number },
      { unlessSince, forgetBefore }: { unlessSince: number; forgetBefore: number },
    ): Promise<void> {
      const newer = db
        .selectFrom("signing_keys")
        .select("id")
        .where("created_at", ">", unlessSince)
        .where("id", "!=", key.id);
      await batch([
        db.insertInto("signing_keys").values({ id: key.id, created_at: key.createdAt }),
        db
          .deleteFrom("signing_keys")
          .where("id", "=", key.id)
          .where((is) => is.exists(newer)),
        db.deleteFrom("signing_keys").where("created_at", "<", forgetBefore),
      ]);
    },
  };
}

function rowOf(session: SessionRecord): SessionRow {
  const { id, counter, device, address } = session;
  return {
    ...{ id, counter, device, address },
    user_id: session.userId,
    rotated_at: session.rotatedAt,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt,
    expires_at: session.expiresAt,
    revoked_at: session.revokedAt,
  };
}

function parse(row: SessionRow): SessionRecord {
  const { id, counter, device, address } = row;
  return {
    ...{ id, counter, device, address },
    userId: row.user_id,
    rotatedAt: row.rotated_at,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
