import { expressionBuilder } from "kysely";
import type { QuotaOverrides, UserRecord } from "../domain/accounts.ts";
import type { Database } from "../ports/database.ts";
import { type AccountMirror, noMirror } from "./account-mirror.ts";
import type { UserRow } from "./tables/accounts.ts";
import type { Tables } from "./tables.ts";

/** The fields of a user that can change. */
export type UserChange = Partial<
  Pick<UserRecord, "emailVerifiedAt" | "name" | "passwordHash" | "role" | "state" | "quotas" | "lastLoginAt">
>;

/** Number of statements that delete a user. */
const OF_USER = 5;

export type UserRecords = ReturnType<typeof userRecords>;

/** Records of users. */
export function userRecords({ db, batch }: Database<Tables>, mirror: AccountMirror = noMirror) {
  const admins = db
    .selectFrom("users")
    .select("id")
    .where("role", "=", "admin")
    .where("state", "=", "active");
  const row = (id: string) => db.selectFrom("users").select("id").where("id", "=", id);
  /** Matches if the fields held in memory are unchanged. */
  const same = (user: UserRecord) => {
    const { name, role, state, generation } = user;
    return row(user.id)
      .where("name", "=", name)
      .where("role", "=", role)
      .where("state", "=", state)
      .where("generation", "=", generation)
      .where("quotas", "=", JSON.stringify(user.quotas));
  };
  const { exists, not } = expressionBuilder<Tables, never>();
  /**
   * Takes a lock on the admins, so that of two admins who demote each other at once, the second sees what the first
   * did.
   */
  const inTurns = db
    .updateTable("users")
    .set({ role: "admin" })
    .where("role", "=", "admin")
    .where("state", "=", "active");
  const unusedLinksOf = (id: string) =>
    db.deleteFrom("account_links").where("created_by", "=", id).where("used_by", "is", null);

  const byId = async (id: string): Promise<UserRecord | null> => {
    const found = await db.selectFrom("users").selectAll().where("id", "=", id).executeTakeFirst();
    return found ? parse(found) : null;
  };

  return {
    /** False if the address is taken. */
    async create(user: UserRecord): Promise<boolean> {
      const insert = db.insertInto("users").values(rowOf(user));
      const told = mirror.prepare([mirror.user(user)], { when: exists(row(user.id)) });
      const [done, ...others] = await batch([
        insert.onConflict((taken) => taken.doNothing()),
        ...told.queries,
      ]);
      await told.told(others);
      return done.changes === 1;
    },

    /**
     * Creates a user with a link and uses the link up, as one change. A `first-admin` link is valid only while there is
     * no admin.
     */
    async createByLink(user: UserRecord, hash: string, now: number): Promise<boolean> {
      const usedByThis = db.selectFrom("account_links").select("id").where("used_by", "=", user.id);
      const told = mirror.prepare([mirror.user(user)], { when: exists(row(user.id)) });
      const [, used, undone, ...others] = await batch([
        db
          .insertInto("users")
          .values(rowOf(user))
          .onConflict((taken) => taken.doNothing()),
        db
          .updateTable("account_links")
          .set({ used_by: user.id })
          .where("hash", "=", hash)
          .where("kind", "in", ["invite", "first-admin"])
          .where("used_by", "is", null)
          .where("expires_at", ">", now)
          .where((is) => is.or([is("email", "is", null), is("email", "=", user.email)]))
          .where((is) => is.exists(db.selectFrom("users").select("id").where("id", "=", user.id)))
          .where((is) =>
            is.or([is("kind", "=", "invite"), is.not(is.exists(admins.where("id", "!=", user.id)))]),
          ),
        db
          .deleteFrom("users")
          .where("id", "=", user.id)
          .where((is) => is.not(is.exists(usedByThis))),
        ...told.queries,
      ]);
      await told.told(others);
      return used.changes === 1 && undone.changes === 0;
    },

    byId,

    async byEmail(email: string): Promise<UserRecord | null> {
      const row = await db.selectFrom("users").selectAll().where("email", "=", email).executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** Ordered by id, oldest first; `after` is the last one on the previous page. */
    async list(query: { after?: string; limit: number; state?: UserRecord["state"] }): Promise<UserRecord[]> {
      let rows = db.selectFrom("users").selectAll().orderBy("id").limit(query.limit);
      if (query.after !== undefined) rows = rows.where("id", ">", query.after);
      if (query.state !== undefined) rows = rows.where("state", "=", query.state);
      return (await rows.execute()).map(parse);
    },

    async hasAdmin(): Promise<boolean> {
      return (await admins.limit(1).executeTakeFirst()) !== undefined;
    },

    /**
     * Changes a user. `endsTokens` also raises the generation. The last active admin cannot be changed into anything
     * else: such a change does nothing and returns `null`, as does one of an unknown user. A user who loses the right
     * to create links loses the existing ones too.
     */
    async change(
      id: string,
      change: UserChange,
      { endsTokens = false }: { endsTokens?: boolean } = {},
    ): Promise<UserRecord | null> {
      const demotes = (change.role ?? "admin") !== "admin" || (change.state ?? "active") !== "active";
      for (;;) {
        const before = await byId(id);
        if (!before) return null;
        const given = Object.entries(change).filter(([, value]) => value !== undefined);
        const next: UserRecord = {
          ...before,
          ...(Object.fromEntries(given) as UserChange),
          generation: before.generation + (endsTokens ? 1 : 0),
        };
        const isLast = demotes && before.role === "admin" && before.state === "active";
        let query = db
          .updateTable("users")
          .set({ ...columnsOf(change), generation: next.generation })
          .where("id", "=", id)
          .where(exists(same(before)));
        if (isLast) query = query.where(exists(admins.where("id", "!=", id)));
        const first = isLast ? [inTurns] : [];
        const last = demotes ? [unusedLinksOf(id).where(exists(same(next)))] : [];
        const shown = isShownAlike(before, next) ? [] : [mirror.user(next)];
        const told = mirror.prepare(shown, { when: exists(same(next)) });
        const answers = await batch([...first, query, ...last, ...told.queries]);
        await told.told(answers.slice(first.length + 1 + last.length));
        if (answers[first.length]!.changes === 1) return next;
        const present = await byId(id);
        if (!present || (isLast && isShownAlike(before, present))) return null;
      }
    },

    /** Deletes the user, with everything that only accounts know. */
    async remove(id: string): Promise<void> {
      const keys = await db.selectFrom("api_keys").select("hash").where("user_id", "=", id).execute();
      const gone = [mirror.noUser(id), ...keys.map(({ hash }) => mirror.noKey(hash))];
      const told = mirror.prepare(gone, { when: not(exists(row(id))) });
      const answers = await batch([
        db.deleteFrom("sessions").where("user_id", "=", id),
        db.deleteFrom("api_keys").where("user_id", "=", id),
        db.deleteFrom("account_links").where("user_id", "=", id),
        db.deleteFrom("account_links").where("created_by", "=", id),
        db.deleteFrom("users").where("id", "=", id),
        ...told.queries,
      ]);
      await told.told(answers.slice(OF_USER));
    },
  };
}

/** Whether the fields held in memory are the same. */
function isShownAlike(a: UserRecord, b: UserRecord): boolean {
  return (
    a.name === b.name &&
    a.role === b.role &&
    a.state === b.state &&
    a.generation === b.generation &&
    JSON.stringify(a.quotas) === JSON.stringify(b.quotas)
  );
}

function rowOf(user: UserRecord): UserRow {
  const { id, email, role, state, generation } = user;
  return {
    ...{ id, email, role, state, generation },
    name: user.name,
    email_verified_at: user.emailVerifiedAt,
    password_hash: user.passwordHash,
    quotas: JSON.stringify(user.quotas),
    created_at: user.createdAt,
    last_login_at: user.lastLoginAt,
  };
}

function columnsOf(change: UserChange): Partial<UserRow> {
  const { name, role, state, quotas } = change;
  return {
    ...(name !== undefined && { name }),
    ...(role !== undefined && { role }),
    ...(state !== undefined && { state }),
    ...(quotas !== undefined && { quotas: JSON.stringify(quotas) }),
    ...(change.emailVerifiedAt !== undefined && { email_verified_at: change.emailVerifiedAt }),
    ...(change.passwordHash !== undefined && { password_hash: change.passwordHash }),
    ...(change.lastLoginAt !== undefined && { last_login_at: change.lastLoginAt }),
  };
}

function parse(row: UserRow): UserRecord {
  const { id, email, name, role, state, generation } = row;
  return {
    ...{ id, email, name, role, state, generation },
    emailVerifiedAt: row.email_verified_at,
    passwordHash: row.password_hash,
    quotas: JSON.parse(row.quotas) as QuotaOverrides,
    createdAt: row.created_at,
    lastLoginAt: row.last_login_at,
  };
}
