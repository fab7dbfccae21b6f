import { z } from "zod";
import type { NoticeLocale } from "../../domain/notices.ts";
import type { App } from "../../http/app.ts";
import type { PreferenceChange } from "../../notices/notices.ts";
import { documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { locale, noticeView, notification, preferenceChange, preferences } from "./notice-view.ts";

const tags = ["Notifications"];
const params = z.object({ id: z.string().min(1).max(100) });
const language = z.object({ lang: locale.optional().describe("@default the one of the preferences") });
const flag = z.enum(["true", "false"]).transform((value) => value === "true");
const list = language.extend({
  unread: flag.optional().describe("`true` lists only unread notifications."),
  limit: limitParam(100, 20),
  cursor: z.string().max(100).optional().describe("`nextCursor` of the previous page."),
});
const unread = z
  .int()
  .min(0)
  .describe("Number of unread notifications among the newest 1,000, which are kept.");

export function noticeRoutes(app: App, context: ServerContext): void {
  listRoutes(app, context);
  preferenceRoutes(app, context);
}

function listRoutes(app: App, { notices }: ServerContext): void {
  const languageOf = async (owner: string, asked?: NoticeLocale) =>
    asked ?? (await notices.locale(owner)) ?? "en";

  app.route({
    method: "GET",
    url: "/v1/notifications",
    schema: {
      operationId: "notifications",
      summary: "List your notifications, newest first",
      description:
        "New notifications also arrive live as `notification` events of `/v1/events`, without an id. To miss nothing, read this list after you open the stream.",
      tags,
      querystring: list,
      ...documented({ 200: pageOf(notification).extend({ unread }) }, []),
    },
    async handler({ principal: { owner }, query }) {
      const { limit, cursor, unread: onlyUnread, lang } = query;
      const [found, count, spoken] = await Promise.all([
        notices.list({ owner, before: cursor, unread: onlyUnread, limit: limit + 1 }),
        notices.unread(owner),
        languageOf(owner, lang),
      ]);
      const items = found.slice(0, limit).map((notice) => noticeView(notice, spoken));
      return { items, nextCursor: found.length > limit ? items.at(-1)!.id : null, unread: count };
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/notifications/:id",
    schema: {
      operationId: "markNotification",
      summary: "Mark a notification as read or unread",
      tags,
      params,
      querystring: language,
      body: z.strictObject({ read: z.boolean() }),
      ...documented({ 200: notification }, ["not_found"]),
    },
    async handler({ principal: { owner }, params: { id }, body, query }) {
      const marked = await notices.mark(owner, id, body.read);
      await notices.told(owner);
      return noticeView(marked, await languageOf(owner, query.lang));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/notifications/read",
    schema: {
      operationId: "markNotifications",
      summary: "Mark all notifications as read",
      tags,
      body: z
        .strictObject({
          upTo: z
            .string()
            .max(100)
            .optional()
            .describe("Id of the newest notification that the reader has seen. @default all"),
        })
        .nullish(),
      ...documented({ 200: z.object({ marked: z.int(), unread }) }, []),
    },
    async handler({ principal: { owner }, body }) {
      const marked = await notices.markAll(owner, body?.upTo);
      await notices.told(owner);
      return { marked, unread: await notices.unread(owner) };
    },
  });
}

function preferenceRoutes(app: App, { notices }: ServerContext): void {
  const view = async (owner: string) => {
    const [{ kinds, locale: chosen }, email] = await Promise.all([
      notices.preferences(owner),
      notices.address(owner),
    ]);
    return { locale: chosen, kinds, email };
  };

  app.route({
    method: "GET",
    url: "/v1/notifications/preferences",
    schema: {
      operationId: "notificationPreferences",
      summary: "Retrieve your notification preferences",
      tags,
      ...documented({ 200: preferences }, []),
    },
    handler: ({ principal }) => view(principal.owner),
  });

  app.route({
    method: "PATCH",
    url: "/v1/notifications/preferences",
    schema: {
      operationId: "changeNotificationPreferences",
      summary: "Update your notification preferences",
      description: "Fields that you omit keep their values. Changes apply to future notifications.",
      tags,
      body: preferenceChange,
      ...documented({ 200: preferences }, []),
    },
    async handler({ principal, body }) {
      await notices.change(principal.owner, body as PreferenceChange);
      return view(principal.owner);
    },
  });
}
