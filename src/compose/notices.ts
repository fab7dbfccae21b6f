import { choreRecords } from "../database/chores.ts";
import { noticeMailRecords } from "../database/notice-mails.ts";
import { noticeRecords } from "../database/notices.ts";
import type { UserRecords } from "../database/users.ts";
import type { Engine } from "../engine/engine.ts";
import { MillraceError } from "../errors.ts";
import { type MailTimes, startMailSender } from "../notices/mail-sender.ts";
import { createMailer, type Mailer } from "../notices/mailer.ts";
import { startNoticeChores } from "../notices/notice-chores.ts";
import type { Notices } from "../notices/notices.ts";
import type { StepLog } from "../pipeline/context.ts";
import { startNotifyCalls } from "../webhooks/notify-calls.ts";
import type { Config } from "./config.ts";

/** Verified email addresses: users have confirmed theirs; the one local user's comes from the settings. */
export function addressesOf(
  { auth, localEmail }: Pick<Config, "auth" | "localEmail">,
  users: Pick<UserRecords, "byId">,
): (owner: string) => Promise<string | null> {
  if (auth === "off") return async () => localEmail;
  return async (owner) => {
    const user = await users.byId(owner);
    return user?.state === "active" && user.emailVerifiedAt !== null ? user.email : null;
  };
}

/** The connection to the mail server; `null` if none is configured. */
export function openMailer({ smtp: url, mailFrom, publicUrl, ...config }: Config): Mailer | null {
  if (url === null) return null;
  const address = publicUrl ?? (config.auth === "off" ? `http://${config.host}:${config.port}` : null);
  if (address === null) {
    throw new MillraceError(
      "config_invalid",
      "MILLRACE_SMTP needs MILLRACE_PUBLIC_URL for the links in emails.",
    );
  }
  return createMailer({ url, publicUrl: address, from: mailFrom ?? `millrace@${new URL(address).hostname}` });
}

/**
 * Background work until closed: expiry warnings, trimming of lists, and mail. Closing it also closes the connection to
 * the mail server.
 * @param mailer `null`: no mail is sent
 */
export function startNotices(
  mailer: Mailer | null,
  { engine, notices, log, times }: { engine: Engine; notices: Notices; log: StepLog; times?: MailTimes },
): { close(): Promise<void> } {
  const { store, database } = engine;
  const chores = startNoticeChores({
    ...{ store, notices, log },
    records: noticeRecords(database),
    chores: choreRecords(database),
  });
  const calls = startNotifyCalls({ engine, log });
  const records = noticeMailRecords(database);
  const sender = mailer && startMailSender({ records, notices, mailer, now: store.now, log, times });
  return {
    async close() {
      await Promise.all([chores.close(), calls.close(), sender?.close()]);
      mailer?.close();
    },
  };
}
