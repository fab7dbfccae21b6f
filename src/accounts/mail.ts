import type { UserRecord } from "../domain/accounts.ts";
import type { NoticeLocale } from "../domain/notices.ts";
import { layOut, type MailPart } from "../notices/mail-layout.ts";
import type { Mailer } from "../notices/mailer.ts";
import type { Links } from "./links.ts";
import type { AccountsLog } from "./log.ts";
import type { LoginLimits } from "./login-limits.ts";
import { mailWords } from "./mail-words.ts";

/** Maximum number of queued emails. More are dropped: users can request them again. */
const MOST_WAITING = 1_000;

export type AccountMail = ReturnType<typeof createMail>;

export interface AccountMailParts {
  mailer: Mailer;
  links: Links;
  limits: LoginLimits;
  /** The user's chosen language. */
  localeOf(userId: string): Promise<NoticeLocale | null>;
  log: AccountsLog;
}

/**
 * Emails links. Requests do not wait for an email, because the time it takes would reveal whether the account exists.
 * An email is in its recipient's language, or in the requester's if the recipient has chosen none.
 */
export function createMail({ mailer, links, limits, localeOf, log }: AccountMailParts) {
  const base = mailer.settings.publicUrl.replace(/\/$/, "");
  const sending = new Set<Promise<void>>();

  function send(kind: MailKind, to: string, how: Writing): void {
    if (sending.size >= MOST_WAITING) {
      log.warn({ kind }, "too many emails are waiting; one was dropped");
      return;
    }
    const deliver = async () => {
      // Stops someone who floods another person's mailbox.
      if (!(await limits.mayMail(to))) return;
      const locale = (how.userId && (await localeOf(how.userId))) || how.asker;
      const words = mailWords[locale][kind];
      const link = { href: base + (await how.path()), label: words.label };
      const parts: MailPart[] = [words.text, link, ...(how.isAsked ? [mailWords[locale].notYou] : [])];
      const { subject } = words;
      const outcome = await mailer.send({ to, subject, ...layOut(subject, parts, locale) });
      if (outcome.kind !== "sent") throw new Error(outcome.error);
    };
    const sent = deliver()
      .catch((error: unknown) => log.warn({ err: error, kind }, "an email could not be sent"))
      .finally(() => sending.delete(sent));
    sending.add(sent);
  }

  const linkTo = (kind: "verify" | "reset", user: UserRecord, asker: NoticeLocale) =>
    send(kind, user.email!, {
      path: async () => (await links.make({ kind, userId: user.id })).path,
      ...{ userId: user.id, asker, isAsked: true },
    });

  return {
    verify: (user: UserRecord, asker: NoticeLocale) => linkTo("verify", user, asker),
    reset: (user: UserRecord, asker: NoticeLocale) => linkTo("reset", user, asker),

    /** Tells an account's owner that someone tried to register with the same address. */
    registered: (email: string, asker: NoticeLocale) =>
      send("registered", email, { path: async () => "/login", asker, isAsked: true }),

    invite: (email: string, path: string, asker: NoticeLocale) =>
      send("invite", email, { path: async () => path, asker, isAsked: false }),

    async close(): Promise<void> {
      await Promise.allSettled(sending);
    },
  };
}

type MailKind = Exclude<keyof typeof mailWords.en, "notYou">;

interface Writing {
  /** Path of the link. */
  path(): Promise<string>;
  userId?: string;
  /** Language of whoever requested the email. */
  asker: NoticeLocale;
  /** Anyone may have requested it. */
  isAsked: boolean;
}
