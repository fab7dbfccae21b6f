import type { Page } from "../../../src/client/index.ts";
import { getJson, sendJson } from "../api/json.ts";
import type { Locale } from "../i18n/locale.ts";

export const kinds = [
  "job.ended",
  "job.failed",
  "results.expiring",
  "results.expired",
  "webhook.disabled",
  "webhook.exhausted",
  "quota.warning",
] as const;
export type Kind = (typeof kinds)[number];

export const channels = ["page", "email", "browser"] as const;
export type Channel = (typeof channels)[number];

export interface Notification {
  id: string;
  kind: Kind;
  at: string;
  readAt: string | null;
  channels: ("page" | "browser")[];
  jobId: string | null;
  /** In the requested language. */
  title: string;
  text: string;
  /** Path of the related page. */
  path: string;
  data: Record<string, unknown>;
}

export interface NotificationPage extends Page<Notification> {
  unread: number;
}

export interface Preferences {
  locale: Locale | null;
  email: { address: string | null; available: boolean };
  kinds: Record<Kind, Record<Channel, boolean>>;
}

export interface PreferenceChange {
  locale?: Locale;
  kinds?: { [K in Kind]?: { [C in Channel]?: boolean } };
}

const base = "/v1/notifications";

export function listNotifications(
  filter: { unread: "true" | undefined; lang: Locale; cursor: string | null },
  signal?: AbortSignal,
): Promise<NotificationPage> {
  return getJson(base, { ...filter, limit: 20 }, signal);
}

/** @param upTo the newest one seen, so that later ones stay unread */
export function markAllRead(upTo: string | undefined): Promise<{ marked: number; unread: number }> {
  return sendJson("POST", `${base}/read`, upTo === undefined ? {} : { upTo });
}

export function markRead(id: string): Promise<Notification> {
  return sendJson("PATCH", `${base}/${encodeURIComponent(id)}`, { read: true });
}

export function getPreferences(signal?: AbortSignal): Promise<Preferences> {
  return getJson(`${base}/preferences`, {}, signal);
}

export function changePreferences(change: PreferenceChange): Promise<Preferences> {
  return sendJson("PATCH", `${base}/preferences`, change);
}
