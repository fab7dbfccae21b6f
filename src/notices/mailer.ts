import { Readable } from "node:stream";
import { createTransport } from "nodemailer";

const ANSWER_MS = 10_000;

export interface MailSettings {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  url: string;
  from: string;
  /** Base URL of links. */
  publicUrl: string;
}

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** For the `Message-ID`. @default random */
  id?: string;
  headers?: { [name: string]: string };
}

/**
 * Outcome of an email. `deferred`: the server certainly did not accept it, but may later (SMTP 4xx, or unreachable).
 * `refused`: it rejected the email (5xx). `unknown`: the connection broke while sending the message, so the server may
 * have accepted it.
 */
export type MailOutcome = { kind: "sent" } | { kind: "deferred" | "refused" | "unknown"; error: string };

export interface Mailer {
  readonly settings: MailSettings;
  /** Makes one attempt. Never rejects. */
  send(mail: Mail): Promise<MailOutcome>;
  close(): void;
}

/** Connects to the mail server. */
export function createMailer(settings: MailSettings): Mailer {
  const { url, from, publicUrl } = settings;
  const transport = createTransport({
    url,
    connectionTimeout: ANSWER_MS,
    greetingTimeout: ANSWER_MS,
    socketTimeout: ANSWER_MS,
  });
  const composer = createTransport({ streamTransport: true, buffer: true });
  const host = new URL(publicUrl).hostname;

  return {
    settings,
    async send({ to, subject, text, html, id, headers }) {
      let isUnderWay = false;
      /** Read only after the server has accepted the envelope. */
      async function* message(whole: Buffer) {
        isUnderWay = true;
        yield whole;
      }
      try {
        const messageId = id && `<${id}@${host}>`;
        const composed = await composer.sendMail({ from, to, subject, text, html, messageId, headers });
        const raw = Readable.from(message(composed.message as Buffer));
        await transport.sendMail({ envelope: composed.envelope, raw });
        return { kind: "sent" };
      } catch (error) {
        const { message: reason, responseCode: code } = error as Error & { responseCode?: number };
        const kind = outcomeOf(code, isUnderWay);
        return { kind, error: reason.slice(0, 500) };
      }
    },
    close() {
      transport.close();
      composer.close();
    },
  };
}

/** @param code of the server's reply, if it sent one */
function outcomeOf(code: number | undefined, isUnderWay: boolean): "deferred" | "refused" | "unknown" {
  if (code !== undefined && code >= 500) return isUnderWay ? "refused" : "deferred";
  if (code !== undefined && code >= 400) return "deferred";
  return isUnderWay ? "unknown" : "deferred";
}
