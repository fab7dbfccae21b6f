import { type CallOptions, query, type Transport } from "./transport.ts";
import type { Page } from "./types.ts";

/** JSON of the notification routes. `test/client-types.test.ts` checks these types against the server's own. */

export type NotificationKind =
  | "job.ended"
  | "job.failed"
  | "results.expiring"
  | "results.expired"
  | "webhook.disabled"
  | "webhook.exhausted"
  | "quota.warning";
export type NotificationLocale = "en" | "ko";

export interface Notification {
  id: string;
  kind: NotificationKind;
  at: string;
  readAt: string | null;
  /** The channels that the owner had chosen when the notification was created. */
  channels: ("page" | "browser")[];
  jobId: string | null;
  /** In the requested language, or else the owner's. */
  title: string;
  text: string;
  /** Path of the related page. */
  path: string;
  /** The values that the texts contain. */
  data: Record<string, unknown>;
}

export interface NotificationChannels {
  page: boolean;
  email: boolean;
  browser: boolean;
}

export interface NotificationPreferences {
  /** `null` if the owner never chose one. Texts are then in English. */
  locale: NotificationLocale | null;
  /** Where emails go, and whether the server sends any. */
  email: { address: string | null; available: boolean };
  kinds: Record<NotificationKind, NotificationChannels>;
}

export interface NotificationFilter {
  /** Only unread ones. */
  unread?: boolean;
  limit?: number;
  cursor?: string;
  lang?: NotificationLocale;
}

/** The caller's notifications. */
export interface Notifications {
  /** Newest first. */
  list(filter?: NotificationFilter, options?: CallOptions): Promise<Page<Notification> & { unread: number }>;
  /** @param isRead `false` marks it as unread. @default true */
  mark(id: string, isRead?: boolean, options?: CallOptions): Promise<Notification>;
  /** Marks all as read, or all up to the given id. */
  markAll(upTo?: string, options?: CallOptions): Promise<{ marked: number; unread: number }>;
  preferences(options?: CallOptions): Promise<NotificationPreferences>;
  /** Fields that you omit keep their values. */
  prefer(
    change: {
      locale?: NotificationLocale;
      kinds?: Partial<Record<NotificationKind, Partial<NotificationChannels>>>;
    },
    options?: CallOptions,
  ): Promise<NotificationPreferences>;
}

export function notifications({ get, post }: Transport): Notifications {
  const base = "/v1/notifications";
  return {
    list: (filter = {}, options) => get(`${base}${query({ ...filter })}`, options),
    mark: (id, isRead = true, options) =>
      post(`${base}/${encodeURIComponent(id)}`, { read: isRead }, options, "PATCH"),
    markAll: (upTo, options) => post(`${base}/read`, { upTo }, options),
    preferences: (options) => get(`${base}/preferences`, options),
    prefer: (change, options) => post(`${base}/preferences`, change, options, "PATCH"),
  };
}
