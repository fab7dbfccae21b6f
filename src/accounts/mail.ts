import { createTransport } from "nodemailer";
import type { UserRecord } from "../domain/accounts.ts";
import type { Links } from "./links.ts";
import type { AccountsLog } from "./log.ts";
import type { LoginLimits } from "./login-limits.ts";

/** Mails that wait for the server; more are dropped, as whoever asked can ask again. */
const MOST_WAITING = 1_000;
const ANSWER_MS = 10_000;

export interface MailSettings {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  url: string;
  from: string;
  /** Where the links lead. */
  publicUrl: string;
}

export type AccountMail = ReturnType<typeof createMail>;

/** Links by mail. Nobody waits for a mail: how long it takes would say whether there is an account. */
export function createMail(
  { url, from, publicUrl }: MailSettings,
  { links, limits, log }: { links: Links; limits: LoginLimits; log: AccountsLog },
) {
  const transport = createTransport({
    url,
    connectionTimeout: ANSWER_MS,
    greetingTimeout: ANSWER_MS,
    socketTimeout: ANSWER_MS,
  });
  const base = publicUrl.replace(/\/$/, "");
  const sending = new Set<Promise<void>>();

  function send(to: string, subject: string, write: () => Promise<string>): void {
    if (sending.size >= MOST_WAITING) {
      log.warn({ subject }, "too many mails wait: one was dropped");
      return;
    }
    const deliver = async () => {
      // Whoever asks for mails in another's name gets no further than this.
      if (!(await limits.mayMail(to))) return;
      await transport.sendMail({ from, to, subject, text: await write() });
    };
    const sent = deliver()
      .catch((error: unknown) => log.warn({ err: error, subject }, "a mail could not be sent"))
      .finally(() => sending.delete(sent));
    sending.add(sent);
  }

  return {
    verify(user: UserRecord): void {
      send(user.email!, "Confirm your email address", async () => {
        const { path } = await links.make({ kind: "verify", userId: user.id });
        return lines(`Open this link within a day to confirm your address:`, base + path, NOT_YOU);
      });
    },

    reset(user: UserRecord): void {
      send(user.email!, "Set a new password", async () => {
        const { path } = await links.make({ kind: "reset", userId: user.id });
        return lines(`Open this link within an hour to set a new password:`, base + path, NOT_YOU);
      });
    },

    /** To who has an account, as somebody tried to make another one. */
    registered(email: string): void {
      send(email, "You have an account already", async () =>
        lines(
          "Somebody tried to make an account with your address, which has one already. If it was you, log in here, or ask for a new password:",
          `${base}/login`,
          NOT_YOU,
        ),
      );
    },

    invite(email: string, path: string): void {
      send(email, "You are invited", async () =>
        lines("Open this link within a week to make your account:", base + path),
      );
    },

    async close(): Promise<void> {
      await Promise.allSettled(sending);
      transport.close();
    },
  };
}

const NOT_YOU = "If it was not you, there is nothing to do.";

function lines(...paragraphs: string[]): string {
  return `${paragraphs.join("\n\n")}\n`;
}
