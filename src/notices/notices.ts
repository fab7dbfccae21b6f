import type { Compilable, Expression, SqlBool } from "kysely";
import type { NoticeChoices, NoticeRecords } from "../database/notices.ts";
import { derivedId } from "../domain/ids.ts";
import {
  type NewNotice,
  type Notice,
  type NoticeChannels,
  type NoticeKind,
  type NoticeLocale,
  noticeKinds,
  usualChannels,
} from "../domain/notices.ts";
import type { Json } from "../domain/records.ts";
import { topics } from "../engine/messages/topics.ts";
import { MillraceError } from "../errors.ts";
import type { Bus } from "../ports/bus.ts";

/** A notification that does not come from a job's log. */
export interface Telling {
  owner: string;
  kind: NoticeKind;
  data: { [key: string]: Json };
  /** @default none */
  jobId?: string | null;
  /** Identifies the notification, which is created only once. For example, an endpoint and when it began to fail. */
  key: readonly string[];
  /** In ms, by the store's clock. Must be the same for the same key. */
  at: number;
}

export interface NoticePreferences {
  locale: NoticeLocale | null;
  kinds: Record<NoticeKind, NoticeChannels>;
}

export interface PreferenceChange {
  locale?: NoticeLocale;
  kinds?: Partial<Record<NoticeKind, Partial<NoticeChannels>>>;
}

export interface Notices {
  /** Creates a notification, once per key, and alerts listeners. */
  tell(telling: Telling): Promise<void>;
  /**
   * Queries that create a notification in the transaction of the change that it reports. Call `told` afterward.
   * @param when creates it only if this holds at that time
   */
  queries(telling: Telling, when?: Expression<SqlBool>): Compilable[];
  /** Alerts listeners, which then reload. Never rejects: listeners also poll. */
  told(owner: string): Promise<void>;
  list(query: { owner: string; before?: string; unread?: boolean; limit: number }): Promise<Notice[]>;
  latest(owner: string, limit: number): Promise<Notice[]>;
  unread(owner: string): Promise<number>;
  /** Rejects with `not_found`. */
  mark(owner: string, id: string, isRead: boolean): Promise<Notice>;
  /** @returns how many were unread */
  markAll(owner: string, upTo?: string): Promise<number>;
  preferences(owner: string): Promise<NoticePreferences>;
  change(owner: string, change: PreferenceChange): Promise<NoticePreferences>;
  locale(owner: string): Promise<NoticeLocale | null>;
  /** Where to send the owner's emails. */
  address(owner: string): Promise<MailAddress>;
  removeAll(owner: string): Promise<void>;
}

export interface MailAddress {
  /** `null` if there is no confirmed address. */
  address: string | null;
  /** Whether the server sends email at all. */
  available: boolean;
}

export interface NoticeParts {
  records: NoticeRecords;
  bus: Pick<Bus, "publish">;
  /** The store's clock. */
  now(): number;
  /** The confirmed address. `null` if there is none. */
  addressOf(owner: string): Promise<string | null>;
  sendsMail: boolean;
}

export function createNotices({ records, bus, now, addressOf, sendsMail }: NoticeParts): Notices {
  const told = (owner: string) => bus.publish(topics.notices, owner).catch(() => {});

  async function preferences(owner: string): Promise<NoticePreferences> {
    const [choices, locale] = await Promise.all([records.choices(owner), records.locale(owner)]);
    return { locale, kinds: { ...usualChannels, ...choices } };
  }

  return {
    async tell(telling) {
      await records.add([noticeFrom(telling)]);
      await told(telling.owner);
    },
    queries: (telling, when) => records.insertion(noticeFrom(telling), when),
    told,
    list: records.list,
    latest: records.latest,
    unread: records.unread,
    async mark(owner, id, isRead) {
      await records.mark(owner, id, isRead ? now() : null);
      const notice = await records.get(owner, id);
      if (!notice?.page) throw new MillraceError("not_found", "There is no such notification.");
      return notice;
    },
    markAll: (owner, upTo) => records.markAll(owner, now(), upTo),
    preferences,
    async change(owner, { locale, kinds = {} }) {
      const present = await preferences(owner);
      const choices: NoticeChoices = {};
      for (const kind of noticeKinds) {
        if (kinds[kind]) choices[kind] = { ...present.kinds[kind], ...kinds[kind] };
      }
      await records.change(owner, choices, locale);
      return preferences(owner);
    },
    locale: records.locale,
    address: async (owner) => ({ address: await addressOf(owner), available: sendsMail }),
    removeAll: records.removeAll,
  };
}

function noticeFrom({ owner, kind, data, jobId = null, key, at }: Telling): NewNotice {
  return { id: derivedId(at, "notice", kind, owner, ...key), owner, kind, at, jobId, data };
}
