import { type Compilable, type Expression, expressionBuilder, type SqlBool, sql } from "kysely";
import {
  KEPT_NOTICES,
  type NewNotice,
  type Notice,
  type NoticeChannels,
  type NoticeKind,
  type NoticeLocale,
  usualChannels,
} from "../domain/notices.ts";
import type { Database } from "../ports/database.ts";
import type { NoticeCursorRow, NoticeRow } from "./tables/notices.ts";
import type { Tables } from "./tables.ts";

/** Owners whose lists are trimmed per call. */
const TRIMMED_OWNERS = 100;

export type NoticeRecords = ReturnType<typeof noticeRecords>;
export type NoticeChoices = Partial<Record<NoticeKind, NoticeChannels>>;

/** Notifications, and where their owners want them. The stores write those of jobs together with the job's event. */
export function noticeRecords(database: Database<Tables>) {
  return { ...adding(database), ...listing(database), ...choosing(database), ...forgetting(database) };
}

function adding({ db, batch }: Database<Tables>) {
  /** Belongs in the same batch as the change that the notification reports. Repeating an id changes nothing. */
  function insertion(notice: NewNotice, when: Expression<SqlBool> = sql<SqlBool>`1 = 1`): Compilable[] {
    const { owner, id, kind, at, jobId } = notice;
    const usual = usualChannels[kind];
    const chosen = (channel: keyof NoticeChannels) => {
      const choice = db
        .selectFrom("notice_choices")
        .select(channel)
        .where("owner", "=", owner)
        .where("kind", "=", kind);
      return sql<number>`coalesce((${choice}), ${sql.lit(Number(usual[channel]))})`;
    };
    const text = (value: string | null) => sql<string>`cast(${value} as text)`;
    const values = [
      text(owner).as("owner"),
      text(id).as("id"),
      text(kind).as("kind"),
      sql<number>`cast(${at} as bigint)`.as("at"),
      text(jobId).as("job_id"),
      text(JSON.stringify(notice.data)).as("data"),
    ] as const;
    return [
      db
        .insertInto("notices")
        .columns(["owner", "id", "kind", "at", "job_id", "data", "page", "browser"])
        .expression(
          db
            .selectNoFrom([...values, chosen("page").as("page"), chosen("browser").as("browser")])
            .where(when)
            .where((or) => or.or([or(chosen("page"), "=", 1), or(chosen("browser"), "=", 1)])),
        )
        .onConflict((known) => known.doNothing()),
      db
        .insertInto("notice_mails")
        .columns(["owner", "id", "kind", "at", "job_id", "data", "state", "due_at", "tries"])
        .expression(
          db
            .selectNoFrom([
              ...values,
              sql<"waiting">`'waiting'`.as("state"),
              sql<number>`cast(${at} as bigint)`.as("due_at"),
              sql<number>`0`.as("tries"),
            ])
            .where(when)
            .where(chosen("email"), "=", 1),
        )
        .onConflict((known) => known.doNothing()),
    ];
  }

  return {
    insertion,

    async add(notices: readonly NewNotice[]): Promise<void> {
      if (notices.length > 0) await batch(notices.flatMap((notice) => insertion(notice)));
    },

    /** Adds notifications and saves a search's progress, as one change. */
    async addAll(notices: readonly NewNotice[], cursor: NoticeCursorRow): Promise<void> {
      const { name, at, id } = cursor;
      const move = db
        .insertInto("notice_cursors")
        .values({ name, at, id })
        .onConflict((known) => known.column("name").doUpdateSet({ at, id }));
      await batch([...notices.flatMap((notice) => insertion(notice)), move]);
    },

    /**
     * Adds a notification unless one was added for this cursor at this position or later; returns whether it was added.
     */
    async addOnce(notice: NewNotice, { name, at }: Pick<NoticeCursorRow, "name" | "at">): Promise<boolean> {
      const { id } = notice;
      const place = db
        .insertInto("notice_cursors")
        .values({ name, at, id })
        .onConflict((known) =>
          known.column("name").doUpdateSet({ at, id }).where("notice_cursors.at", "<", at),
        );
      const { exists } = expressionBuilder<Tables, never>();
      const isOurs = exists(
        db.selectFrom("notice_cursors").select("name").where("name", "=", name).where("id", "=", id),
      );
      const [moved] = await batch([place, ...insertion(notice, isOurs)]);
      return moved!.changes === 1;
    },

    async cursor(name: string): Promise<NoticeCursorRow | null> {
      const query = db.selectFrom("notice_cursors").selectAll().where("name", "=", name);
      return (await query.executeTakeFirst()) ?? null;
    },
  };
}

function listing({ db }: Database<Tables>) {
  const newest = (owner: string) =>
    db.selectFrom("notices").where("owner", "=", owner).orderBy("id", "desc").limit(KEPT_NOTICES);
  const shown = (owner: string) => newest(owner).where("page", "=", 1);

  return {
    /** Newest first, among the newest `KEPT_NOTICES`. */
    async list(query: {
      owner: string;
      before?: string;
      unread?: boolean;
      limit: number;
    }): Promise<Notice[]> {
      let rows = shown(query.owner).selectAll().limit(Math.min(query.limit, KEPT_NOTICES));
      if (query.before !== undefined) rows = rows.where("id", "<", query.before);
      if (query.unread) rows = rows.where("read_at", "is", null);
      return (await rows.execute()).map(parse);
    },

    /** The newest notifications, in the list or only for the browser, newest first. */
    async latest(owner: string, limit: number): Promise<Notice[]> {
      const rows = await newest(owner).selectAll().limit(limit).execute();
      return rows.map(parse);
    },

    async get(owner: string, id: string): Promise<Notice | null> {
      const query = db.selectFrom("notices").selectAll().where("owner", "=", owner).where("id", "=", id);
      const row = await query.executeTakeFirst();
      return row ? parse(row) : null;
    },

    /** Unread among the newest `KEPT_NOTICES`. */
    async unread(owner: string): Promise<number> {
      const row = await db
        .selectFrom(shown(owner).select("read_at").as("newest"))
        .select(sql<number | string>`count(*)`.as("count"))
        .where("read_at", "is", null)
        .executeTakeFirstOrThrow();
      return Number(row.count);
    },

    /** @param readAt `null`: marks it as unread */
    async mark(owner: string, id: string, readAt: number | null): Promise<void> {
      const change = db
        .updateTable("notices")
        .set({ read_at: readAt })
        .where("owner", "=", owner)
        .where("id", "=", id)
        .where("read_at", readAt === null ? "is not" : "is", null);
      await change.execute();
    },

    /** Marks all as read, up to one if given. Returns how many were unread. */
    async markAll(owner: string, readAt: number, upTo?: string): Promise<number> {
      let change = db
        .updateTable("notices")
        .set({ read_at: readAt })
        .where("owner", "=", owner)
        .where("page", "=", 1)
        .where("read_at", "is", null);
      if (upTo !== undefined) change = change.where("id", "<=", upTo);
      return Number((await change.executeTakeFirstOrThrow()).numUpdatedRows);
    },
  };
}

function choosing({ db, batch }: Database<Tables>) {
  return {
    async choices(owner: string): Promise<NoticeChoices> {
      const rows = await db.selectFrom("notice_choices").selectAll().where("owner", "=", owner).execute();
      return Object.fromEntries(
        rows.map(({ kind, page, email, browser }) => [
          kind,
          { page: page === 1, email: email === 1, browser: browser === 1 },
        ]),
      );
    },

    async locale(owner: string): Promise<NoticeLocale | null> {
      const query = db.selectFrom("notice_locales").select("locale").where("owner", "=", owner);
      return ((await query.executeTakeFirst())?.locale as NoticeLocale | undefined) ?? null;
    },

    async change(owner: string, choices: NoticeChoices, locale?: NoticeLocale): Promise<void> {
      const kept = Object.entries(choices).map(([kind, { page, email, browser }]) => {
        const values = { page: Number(page), email: Number(email), browser: Number(browser) };
        return db
          .insertInto("notice_choices")
          .values({ owner, kind, ...values })
          .onConflict((known) => known.columns(["owner", "kind"]).doUpdateSet(values));
      });
      const spoken =
        locale === undefined
          ? []
          : [
              db
                .insertInto("notice_locales")
                .values({ owner, locale })
                .onConflict((known) => known.column("owner").doUpdateSet({ locale })),
            ];
      const changes = [...kept, ...spoken];
      if (changes.length > 0) await batch(changes);
    },
  };
}

function forgetting({ db, batch }: Database<Tables>) {
  return {
    /**
     * Trims the lists of the owners after `after`, in order.
     * @returns the last of them, or `null` if there are no more
     */
    async trim(after: string, before: number): Promise<string | null> {
      const rows = await db
        .selectFrom("notices")
        .select("owner")
        .distinct()
        .where("owner", ">", after)
        .orderBy("owner")
        .limit(TRIMMED_OWNERS)
        .execute();
      for (const { owner } of rows) {
        const oldest = db
          .selectFrom("notices")
          .select("id")
          .where("owner", "=", owner)
          .orderBy("id", "desc")
          .offset(KEPT_NOTICES)
          .limit(1);
        await batch([
          db
            .deleteFrom("notices")
            .where("owner", "=", owner)
            .where((or) => or.or([or("id", "<=", oldest), or("at", "<", before)])),
        ]);
      }
      return rows.length === TRIMMED_OWNERS ? rows.at(-1)!.owner : null;
    },

    async removeAll(owner: string): Promise<void> {
      await batch([
        db.deleteFrom("notices").where("owner", "=", owner),
        db.deleteFrom("notice_choices").where("owner", "=", owner),
        db.deleteFrom("notice_locales").where("owner", "=", owner),
        db.deleteFrom("notice_mails").where("owner", "=", owner),
        db.deleteFrom("notify_calls").where("owner", "=", owner),
        db.deleteFrom("notice_cursors").where("name", "like", `quota/%/${owner}`),
      ]);
    },
  };
}

function parse({ owner, id, kind, at, job_id, data, page, browser, read_at }: NoticeRow): Notice {
  return {
    ...{ owner, id, at, jobId: job_id, readAt: read_at },
    kind: kind as NoticeKind,
    data: JSON.parse(data),
    page: page === 1,
    browser: browser === 1,
  };
}
