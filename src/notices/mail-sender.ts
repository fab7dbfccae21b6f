import { setTimeout as sleep } from "node:timers/promises";
import type { MailRecipient, NoticeMailRecords } from "../database/notice-mails.ts";
import { newId } from "../domain/ids.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Mailer } from "./mailer.ts";
import { noticeMail } from "./notice-mail.ts";
import type { Notices } from "./notices.ts";

const LOOK_MS = 1_000;
/** Concurrent emails. */
const AT_ONCE = 4;
/** Notifications per email. */
const MOST_TOLD = 500;
/** Time to start sending after claiming an email. */
const CLAIM_MS = 60_000;
/** Time to finish sending. */
const SENDING_MS = 10 * 60_000;
const GAP_MS = 15_000;
const TIDY_MS = 60_000;
/** How long to keep trying. */
const GIVE_UP_MS = 24 * 3_600_000;
const KEEP_ENDED_MS = 7 * 24 * 3_600_000;
const AGAIN_MS = [15_000, 60_000, 5 * 60_000, 15 * 60_000, 3_600_000];

export interface MailSenderParts {
  records: NoticeMailRecords;
  notices: Pick<Notices, "address" | "locale">;
  mailer: Mailer;
  /** The store's clock. */
  now(): number;
  log: StepLog;
  times?: MailTimes;
}

/** Times in ms. */
export interface MailTimes {
  /** Delay after each deferred attempt. The last one repeats. @default 15 s to an hour */
  againMs?: readonly number[];
  /** Minimum time between emails to one recipient. Notifications meanwhile go together. @default 15 s */
  gapMs?: number;
}

/** Sends notifications by email. Any number of processes can do this over one store. */
export function startMailSender(parts: MailSenderParts): { close(): Promise<void> } {
  const { records, now, log } = parts;
  const stop = new AbortController();
  let tidiedAt = Number.NEGATIVE_INFINITY;

  async function look(): Promise<void> {
    const time = now();
    if (performance.now() - tidiedAt > TIDY_MS) {
      tidiedAt = performance.now();
      await records.tidy(time, time - GIVE_UP_MS, time - KEEP_ENDED_MS);
    }
    await records.recover(time);
    const recipients = await records.recipients(time, AT_ONCE);
    await Promise.all(recipients.map((recipient) => sendTo(recipient, parts)));
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn("emails could not be sent", { error: (error as Error).message });
      });
      await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    async close() {
      stop.abort();
      await loop;
    },
  };
}

/** Sends at most one email to a recipient. */
export async function sendTo(recipient: MailRecipient, parts: MailSenderParts): Promise<void> {
  const { records, notices, mailer, now, log } = parts;
  const { againMs = AGAIN_MS, gapMs = GAP_MS } = parts.times ?? {};
  const time = now();
  const mailId = newId(time);
  const claim = { mailId, now: time, until: time + CLAIM_MS, quietSince: time - gapMs, limit: MOST_TOLD };
  if ((await records.claim(recipient, claim)) === 0) return;
  const [{ address }, locale] = await Promise.all([
    notices.address(recipient.owner),
    notices.locale(recipient.owner),
  ]);
  const to = recipient.address ?? address;
  if (to === null || !isSame(to, address)) {
    await records.end(mailId, "refused", now(), "The owner has not confirmed this address.");
    return;
  }
  // From here on, send it again only if the server certainly did not accept it.
  const told = await records.begin(mailId, now() + SENDING_MS);
  if (told.length === 0) return;
  const base = mailer.settings.publicUrl.replace(/\/$/, "");
  const outcome = await mailer.send(noticeMail(told, { to, id: mailId, base, locale: locale ?? "en" }));
  if (outcome.kind === "sent") return records.end(mailId, "sent", now(), null);
  log.warn("a notification could not be sent by email", { outcome: outcome.kind, error: outcome.error });
  if (outcome.kind !== "deferred") return records.end(mailId, outcome.kind, now(), outcome.error);
  const tries = Math.max(...told.map((one) => one.tries));
  await records.defer(mailId, now() + againMs[Math.min(tries, againMs.length) - 1]!, outcome.error);
}

function isSame(one: string, other: string | null): boolean {
  return other !== null && one.toLowerCase() === other.toLowerCase();
}
