import type { DeliveryRecords } from "../database/webhook-deliveries.ts";
import type { WebhookRecords } from "../database/webhooks.ts";
import {
  type DeliveryAttempt,
  TEST_EVENT,
  type WebhookHealth,
  type WebhookRecord,
  type WholeDelivery,
} from "../domain/webhooks.ts";
import { MillraceError } from "../errors.ts";
import type { Notices } from "../notices/notices.ts";
import type { Outgoing } from "../outgoing/outgoing.ts";
import type { Store } from "../ports/store/store.ts";
import { afterFailure, afterSuccess, isHopeless } from "./breaker.ts";
import { bodyOf } from "./formats/formats.ts";
import { disabledNotice, exhaustedNotice } from "./happenings.ts";
import type { SecretBox } from "./secrets.ts";
import { type Sent, send } from "./send.ts";
import { signedHeaders } from "./signing.ts";
import { nextTryMs } from "./tries.ts";

/** Stored attempts. Manual attempts and those that an endpoint postponed come on top of the schedule. */
const KEPT_ATTEMPTS = 20;
/** Interval of recording success. */
const NOTE_MS = 5_000;

export interface SenderParts {
  store: Pick<Store, "now">;
  webhooks: WebhookRecords;
  deliveries: DeliveryRecords;
  outgoing: Pick<Outgoing, "request">;
  secrets: SecretBox;
  /** Base URL of the page. */
  publicUrl: string | null;
  /** Notifications are written in the same transaction as the change that they report. */
  notices: Pick<Notices, "queries" | "told">;
  /** Overrides the delays between attempts, in ms. */
  delays?: readonly number[];
  random(): number;
  signal: AbortSignal;
}

/** Sends deliveries to one endpoint and records the result of each attempt. */
export function createSender(parts: SenderParts, { id, health: known }: WebhookRecord) {
  const { store, webhooks, deliveries, signal } = parts;
  /** The endpoint's `since` when we disabled it, so that its owner is notified only once. */
  let offSince: number | null = null;
  let notedAt = 0;

  async function deliver(webhook: WebhookRecord, delivery: WholeDelivery): Promise<void> {
    const { spec } = webhook;
    const at = store.now();
    let sent: Sent;
    try {
      const body = bodyOf(spec.format, delivery.payload, parts.publicUrl);
      const keys = parts.secrets.signing(webhook.secrets, at);
      const headers = keys.length > 0 ? signedHeaders(keys, { id: delivery.id, at, body }) : {};
      sent = await send(parts.outgoing, { url: spec.url, headers, body, now: store.now, signal });
    } catch (error) {
      // For example, a secret that cannot be decrypted. The owner sees the error with the delivery.
      if (!(error instanceof MillraceError)) throw error;
      const attempt = { at, ms: 0, status: null, error: error.message, response: null };
      sent = { attempt, gone: false, pauseMs: undefined };
    }
    if (sent.attempt.error === null) await succeeded(delivery, sent.attempt);
    else await failed(webhook, delivery, sent);
  }

  async function succeeded(delivery: WholeDelivery, attempt: DeliveryAttempt): Promise<void> {
    const now = store.now();
    const { health } = sender;
    const isNews = health.failures > 0 || health.notBefore !== null || now - notedAt > NOTE_MS;
    sender.health = afterSuccess(health, now);
    if (isNews) notedAt = now;
    const change = { state: "delivered", tries: delivery.tries + 1, dueAt: null, endedAt: now } as const;
    await deliveries.batch([
      deliveries.noting(delivery, { ...change, attempts: kept(delivery, attempt) }),
      ...(isNews ? [webhooks.faring(id, sender.health)] : []),
    ]);
  }

  async function failed(webhook: WebhookRecord, delivery: WholeDelivery, sent: Sent): Promise<void> {
    const { attempt, gone, pauseMs } = sent;
    const now = store.now();
    const { status, error } = attempt;
    const isFirst = delivery.last === null;
    const health = afterFailure(
      sender.health,
      { at: now, status, message: error!, pauseMs, isFirst },
      parts.random(),
    );
    sender.health = health;
    notedAt = now;
    // Postponed and manual attempts do not count.
    const isFree = (status === 429 && pauseMs !== undefined) || delivery.byHand;
    const tries = delivery.tries + (isFree ? 0 : 1);
    const next = gone || delivery.event === TEST_EVENT ? null : nextTry(tries, isFree, pauseMs);
    const dueAt = next === null ? null : now + next;
    const state = dueAt === null ? "failed" : "pending";
    const attempts = kept(delivery, { ...attempt, ...(isFree && { free: true as const }) });
    const why = gone ? "gone" : isHopeless(health, now) ? "failing" : null;
    const reason = webhook.enabled && offSince !== webhook.since ? why : null;
    if (reason !== null) offSince = webhook.since;
    const exhausted = dueAt === null && !gone && !delivery.byHand && delivery.event !== TEST_EVENT;
    const noting = deliveries.batch([
      deliveries.noting(delivery, { state, tries, dueAt, attempts, endedAt: dueAt === null ? now : null }),
      ...(reason !== null
        ? [
            ...parts.notices.queries(disabledNotice(webhook, reason, now), webhooks.isOn(id)),
            webhooks.disabling(id, reason, health, now),
          ]
        : [webhooks.faring(id, health)]),
      ...(exhausted ? parts.notices.queries(exhaustedNotice(webhook, delivery, now)) : []),
    ]);
    await noting.catch((failure) => {
      if (reason !== null) offSince = null;
      throw failure;
    });
    if (reason !== null || exhausted) await parts.notices.told(webhook.owner);
  }

  function nextTry(tries: number, isFree: boolean, pauseMs: number | undefined): number | null {
    // At least a second, so that an endpoint that requests no pause is not hit in a tight loop.
    if (isFree && pauseMs !== undefined) return Math.max(1_000, pauseMs);
    const delay = nextTryMs(tries, parts.random(), parts.delays);
    return delay === null ? null : Math.max(delay, pauseMs ?? 0);
  }

  const sender = {
    /** The endpoint's health, as far as this process knows. */
    health: known as WebhookHealth,
    /** Makes one attempt. Rejects if its result could not be recorded, or if the process ends. */
    deliver,
  };
  return sender;
}

function kept({ attempts }: WholeDelivery, attempt: DeliveryAttempt): DeliveryAttempt[] {
  return [...attempts, attempt].slice(-KEPT_ATTEMPTS);
}
