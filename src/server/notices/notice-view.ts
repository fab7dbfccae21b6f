import { z } from "zod";
import {
  type Notice,
  type NoticeChannels,
  type NoticeLocale,
  noticeKinds,
  noticeLocales,
} from "../../domain/notices.ts";
import { noticePath, noticeText } from "../../notices/texts.ts";
import { component } from "../api-schemas.ts";

export const locale = z.enum(noticeLocales);

export const notification = component(
  "Notification",
  z.object({
    id: z.string(),
    kind: z.enum(noticeKinds),
    at: z.iso.datetime(),
    readAt: z.iso.datetime().nullable(),
    channels: z
      .array(z.enum(["page", "browser"]))
      .describe(
        "Channels that the owner had chosen when the notification was created. `page` means this list.",
      ),
    jobId: z.string().nullable(),
    title: z.string().describe("Title in the owner's language."),
    text: z.string(),
    path: z.string().describe("Path of the related page."),
    data: z
      .record(z.string(), z.unknown())
      .describe(
        "The values used in the texts. For jobs: `pipeline`, `state`, `total`, `done`, `failed`, `code` (of the error), or `expiresAt` (ms since the epoch). For webhooks: `webhookId`, `url`. For quotas: `quota`, `used`, `limit`.",
      ),
  }),
);
export type NotificationView = z.output<typeof notification>;

export function noticeView(notice: Notice, language: NoticeLocale): NotificationView {
  const { id, kind, at, readAt, page, browser, jobId, data } = notice;
  return {
    ...{ id, kind, jobId, data },
    at: new Date(at).toISOString(),
    readAt: readAt === null ? null : new Date(readAt).toISOString(),
    channels: [...(page ? (["page"] as const) : []), ...(browser ? (["browser"] as const) : [])],
    ...noticeText(notice, language),
    path: noticePath(notice),
  };
}

const channels = z.object({
  page: z.boolean().describe("Show in the list."),
  email: z.boolean().describe("Send to the owner's confirmed address, if the server sends email."),
  browser: z.boolean().describe("Show a browser notification while the page is open."),
} satisfies Record<keyof NoticeChannels, z.ZodType>);

const kindsOf = <Channels extends z.ZodType>(value: Channels) =>
  z.object(
    Object.fromEntries(noticeKinds.map((kind) => [kind, value])) as Record<
      (typeof noticeKinds)[number],
      Channels
    >,
  );

export const preferences = component(
  "NotificationPreferences",
  z.object({
    locale: locale
      .nullable()
      .describe("Language of emails and of this list. `null` if never chosen, which means English."),
    email: z.object({
      address: z
        .string()
        .nullable()
        .describe("Address that receives emails. `null` if there is no confirmed address."),
      available: z.boolean().describe("Whether this server sends email."),
    }),
    kinds: kindsOf(channels),
  }),
);

export const preferenceChange = z.strictObject({
  locale: locale.optional(),
  kinds: z
    .strictObject(
      Object.fromEntries(
        noticeKinds.map((kind) => [kind, z.strictObject(channels.shape).partial().optional()]),
      ) as Record<(typeof noticeKinds)[number], z.ZodOptional<ReturnType<typeof partial>>>,
    )
    .partial()
    .optional()
    .describe("Fields that you omit keep their values."),
});

function partial() {
  return z.strictObject(channels.shape).partial();
}
