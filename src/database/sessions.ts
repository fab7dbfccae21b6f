import { expressionBuilder } from "kysely";
import type { SessionRecord } from "../domain/accounts.ts";
import type { Database } from "../ports/database.ts";
import { type AccountMirror, noMirror } from "./account-mirror.ts";
import type { SessionRow, Tables } from "./tables.ts";

/** Ended sessions that a new one forgets. */
const FORGET = 100;

export type SessionRecords = ReturnType<typeof sessionRecords>;

/** The records of sessions. Signing keys are beside them, as both are about access tokens. */
export function sessionRecords({ db, batch }: Database<Tables>, mirror: AccountMirror = noMirror) {
  return {
    /** Records a new session. Forgets some that have ended long ago. */
    async create(session: SessionRecord, now: number): Promise<void> {
      const over = db.selectFrom("sessions").select("id").where("expires_at", "<=", now).limit(FORGET);
      await batch([
        db.deleteFrom("sessions").where("id", "in", over),
        db.insertInto("sessions").values(rowOf(session)),
      ]);
    },

    /** `null` also for one that is over. */
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

    /** Those that are not over, the newest first. */
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

    /** The next refresh token counts, if `counter` is the one that did: of several that ask at once, one is told so. */
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

    /** @param userId whose session it must be; `null`: anyone's */
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

    /** All of a user's, but for `except`. Answers which. */
    async revokeAll(userId: string, now: number, except: string | null = null): Promise<string[]> {
      let query = db
        .updateTable("sessions")
        .set({ revoked_at: now })
        .where("user_id", "=", userId)
        .where("revoked_at", "is", null);
      if (except !== null) query = query.where("id", "!=", except);
      return (await query.returning("id").execute()).map(({ id }) => id);
    },

    /** Signing keys, the newest first. */
    async signingKeys(): Promise<{ id: string; createdAt: number }[]> {
      const rows = await db.selectFrom("signing_keys").selectAll().orderBy("created_at", "desc").execute();
      return rows.map(({ id, created_at }) => ({ id, createdAt: created_at }));
    },

    /** Adds a signing key unless there is one that is newer than `unlessSince`; forgets those older than `forgetBefore`. */
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
