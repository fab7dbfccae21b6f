import { type ExpressionBuilder, sql } from "kysely";
import type { NoticeKind } from "../domain/notices.ts";
import type { Json } from "../domain/records.ts";
import type { Database } from "../ports/database.ts";
import type { NoticeMailRow } from "./tables/notices.ts";
import type { Tables } from "./tables.ts";

/** A recipient with waiting notifications, which are sent in one mail. */
export interface MailRecipient {
  owner: string;
  /** `null`: the owner's own address. */
  address: string | null;
}

/** A notification to be mailed. */
export interface MailedNotice extends MailRecipient {
  id: string;
  kind: NoticeKind;
  at: number;
  jobId: string | null;
  data: { [key: string]: Json };
  tries: number;
}

export type NoticeMailRecords = ReturnType<typeof noticeMailRecords>;

/**
 * Mails in transit: waiting, claimed, sending, and then sent, refused or unknown. Once "sending", a row returns to
 * "waiting" only if the server certainly did not accept the mail. So no mail is sent twice, even if a process dies in
 * between.
 */
export function noticeMailRecords({ db }: Database<Tables>) {
  const to =
    ({ owner, address }: MailRecipient) =>
    (of: ExpressionBuilder<Tables, "notice_mails">) =>
      of.and([of("owner", "=", owner), of("address", "is not distinct from", address)]);

  return {
    /** Recipients with mail due. */
    async recipients(now: number, limit: number): Promise<MailRecipient[]> {
      return db
        .selectFrom("notice_mails")
        .select(["owner", "address"])
        .distinct()
        .where("state", "=", "waiting")
        .where("due_at", "<=", now)
        .limit(limit)
        .execute();
    },

    /**
     * Claims what is due for a recipient, oldest first, unless one of their mails was sent after `quietSince` or is
     * being sent. The claim holds until `until`.
     */
    async claim(
      recipient: MailRecipient,
      claim: { mailId: string; now: number; until: number; quietSince: number; limit: number },
    ): Promise<number> {
      const due = db
        .selectFrom("notice_mails")
        .select("id")
        .where(to(recipient))
        .where("state", "=", "waiting")
        .where("due_at", "<=", claim.now)
        .orderBy("id")
        .limit(claim.limit);
      const recent = db
        .selectFrom("notice_mails as other")
        .select(sql`1`.as("one"))
        .where("other.owner", "=", recipient.owner)
        .where("other.address", "is not distinct from", recipient.address)
        .where("other.state", "in", ["claimed", "sending", "sent"])
        .where("other.due_at", ">", claim.quietSince);
      const change = db
        .updateTable("notice_mails")
        .set({ state: "claimed", mail_id: claim.mailId, due_at: claim.until })
        .where("id", "in", due)
        .where("state", "=", "waiting")
        .where((not) => not.not(not.exists(recent)));
      return Number((await change.executeTakeFirstOrThrow()).numUpdatedRows);
    },

    /** Marks what is still claimed for this mail as being sent, and returns it. */
    async begin(mailId: string, until: number): Promise<MailedNotice[]> {
      const rows = await db
        .updateTable("notice_mails")
        .set((set) => ({ state: "sending", due_at: until, tries: set("tries", "+", 1) }))
        .where("mail_id", "=", mailId)
        .where("state", "=", "claimed")
        .returningAll()
        .execute();
      return rows.map(parse).sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    /** Records how it ended. A mail that was given up in the meantime may still turn out to have been sent. */
    async end(mailId: string, state: "sent" | "refused" | "unknown", now: number, error: string | null) {
      await db
        .updateTable("notice_mails")
        .set({ state, due_at: now, error })
        .where("mail_id", "=", mailId)
        .where("state", "in", ["claimed", "sending", "unknown"])
        .execute();
    },

    /** The server certainly did not accept it: it is retried at `dueAt`. */
    async defer(mailId: string, dueAt: number, error: string): Promise<void> {
      await db
        .updateTable("notice_mails")
        .set({ state: "waiting", mail_id: null, due_at: dueAt, error })
        .where("mail_id", "=", mailId)
        .where("state", "in", ["claimed", "sending"])
        .execute();
    },

    /**
     * Recovers the mails of a process that died. Those only claimed wait again; those being sent may have been sent,
     * and are never sent again.
     */
    async recover(now: number): Promise<void> {
      await db
        .updateTable("notice_mails")
        .set({ state: "waiting", mail_id: null, due_at: now })
        .where("state", "=", "claimed")
        .where("due_at", "<=", now)
        .execute();
      await db
        .updateTable("notice_mails")
        .set({ state: "unknown", due_at: now, error: "The process that sent it has ended." })
        .where("state", "=", "sending")
        .where("due_at", "<=", now)
        .execute();
    },

    /** Gives up mails older than `madeBefore`, and deletes those that ended before `endedBefore`. */
    async tidy(now: number, madeBefore: number, endedBefore: number): Promise<void> {
      await db
        .updateTable("notice_mails")
        .set((set) => ({
          state: "refused",
          due_at: now,
          error: set.fn.coalesce("error", sql<string>`'It could not be sent in time.'`),
        }))
        .where("state", "=", "waiting")
        .where("at", "<", madeBefore)
        .execute();
      await db
        .deleteFrom("notice_mails")
        .where("state", "in", ["sent", "refused", "unknown"])
        .where("due_at", "<", endedBefore)
        .execute();
    },

    /** Mails of an owner, newest first. */
    async list(owner: string, limit: number): Promise<NoticeMailRow[]> {
      return db
        .selectFrom("notice_mails")
        .selectAll()
        .where("owner", "=", owner)
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
    },
  };
}

function parse({ id, owner, kind, at, job_id, data, address, tries }: NoticeMailRow): MailedNotice {
  return { id, owner, at, address, tries, jobId: job_id, kind: kind as NoticeKind, data: JSON.parse(data) };
}
