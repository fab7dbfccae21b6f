import type { LinkKind, LinkRecord } from "../domain/accounts.ts";
import type { Database } from "../ports/database.ts";
import type { AccountLinkRow } from "./tables/accounts.ts";
import type { Tables } from "./tables.ts";

/** Expired links deleted with each new one. */
const FORGET = 100;

export type LinkRecords = ReturnType<typeof linkRecords>;

/** Records of one-time links. */
export function linkRecords({ db, batch }: Database<Tables>) {
  const usable = (hash: string, now: number) =>
    db
      .selectFrom("account_links")
      .selectAll()
      .where("hash", "=", hash)
      .where("used_by", "is", null)
      .where("expires_at", ">", now);

  return {
    /**
     * Records a new link, and deletes some expired ones. `replaces` also deletes links of the same kind for the same
     * user.
     */
    async create(link: LinkRecord, hash: string, now: number, replaces = false): Promise<void> {
      const over = db.selectFrom("account_links").select("id").where("expires_at", "<=", now).limit(FORGET);
      let same = db.deleteFrom("account_links").where("kind", "=", replaces ? link.kind : "");
      same =
        link.userId === null ? same.where("user_id", "is", null) : same.where("user_id", "=", link.userId);
      await batch([
        db.deleteFrom("account_links").where("id", "in", over),
        same,
        db.insertInto("account_links").values(rowOf(link, hash)),
      ]);
    },

    /** `null` if it was used or has expired. */
    async get(hash: string, kinds: readonly LinkKind[], now: number): Promise<LinkRecord | null> {
      const row = await usable(hash, now).where("kind", "in", kinds).executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** Uses the link up: of several concurrent callers, one gets it. */
    async use(hash: string, kind: LinkKind, now: number): Promise<LinkRecord | null> {
      const row = await db
        .updateTable("account_links")
        .set((set) => ({ used_by: set.ref("user_id") }))
        .where("hash", "=", hash)
        .where("kind", "=", kind)
        .where("user_id", "is not", null)
        .where("used_by", "is", null)
        .where("expires_at", ">", now)
        .returningAll()
        .executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** Links that can still be used, by id. */
    async list(query: { kind: LinkKind; now: number; after?: string; limit: number }): Promise<LinkRecord[]> {
      let rows = db
        .selectFrom("account_links")
        .selectAll()
        .where("kind", "=", query.kind)
        .where("used_by", "is", null)
        .where("expires_at", ">", query.now)
        .orderBy("id")
        .limit(query.limit);
      if (query.after !== undefined) rows = rows.where("id", ">", query.after);
      return (await rows.execute()).map(parse);
    },

    async remove(id: string, kind: LinkKind): Promise<boolean> {
      const query = db
        .deleteFrom("account_links")
        .where("id", "=", id)
        .where("kind", "=", kind)
        .where("used_by", "is", null);
      return (await query.executeTakeFirstOrThrow()).numDeletedRows === 1n;
    },
  };
}

function rowOf(link: LinkRecord, hash: string): AccountLinkRow {
  const { id, kind, email, role } = link;
  return {
    ...{ id, hash, kind, email, role },
    user_id: link.userId,
    created_by: link.createdBy,
    created_at: link.createdAt,
    expires_at: link.expiresAt,
    used_by: null,
  };
}

function parse(row: AccountLinkRow): LinkRecord {
  const { id, kind, email, role } = row;
  return {
    ...{ id, kind: kind as LinkKind, email, role },
    userId: row.user_id,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
