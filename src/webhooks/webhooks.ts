import { setTimeout as sleep } from "node:timers/promises";
import { deliveryRecords } from "../database/webhook-deliveries.ts";
import { shardOf, type WebhookQuery, webhookRecords } from "../database/webhooks.ts";
import { newId } from "../domain/ids.ts";
import {
  type DeliveryRecord,
  type DeliveryState,
  healthy,
  type WebhookKind,
  type WebhookRecord,
  type WebhookSpec,
  type WholeDelivery,
} from "../domain/webhooks.ts";
import type { Engine } from "../engine/engine.ts";
import { topics } from "../engine/messages/topics.ts";
import { MillraceError } from "../errors.ts";
import { createCollector } from "./collect.ts";
import { bodyOf, isSigned } from "./formats/formats.ts";
import { testDelivery } from "./payload.ts";
import type { SecretBox } from "./secrets.ts";

/** Maximum number of endpoints per owner. */
export const MAX_WEBHOOKS = 50;
/** Maximum count of pending deliveries. */
export const COUNTED_PENDING = 1_000;
/** Maximum number of keys that sign at once: the current one, and earlier ones in their grace period. */
const MAX_SECRETS = 3;
const TEST_WAIT_MS = 25_000;
const TEST_LOOK_MS = 100;

export interface WebhooksParts {
  engine: Pick<Engine, "store" | "database" | "bus" | "outgoing">;
  secrets: SecretBox;
}

/** An endpoint, with its secret if one was just created. The secret is shown only once. */
export interface MadeWebhook {
  webhook: WebhookRecord;
  secret: string | null;
}

export type WebhookSpecChange = Partial<WebhookSpec> & { enabled?: boolean };

export type Webhooks = ReturnType<typeof createWebhooks>;

/** Manages endpoints. Workers send the deliveries. */
export function createWebhooks({ engine, secrets }: WebhooksParts) {
  const { store, database, bus, outgoing } = engine;
  const records = webhookRecords(database);
  const deliveries = deliveryRecords(database);

  const found = <T>(one: T | null): T => {
    if (one !== null) return one;
    throw new MillraceError("not_found", "There is no such webhook, or no such delivery.");
  };
  /** Alerts the sending process. If the message is lost, polling makes up for it. */
  const tell = (id: string) => void bus.publish(topics.webhooks, id).catch(() => {});
  const update = async (
    query: WebhookQuery,
    change: Parameters<typeof records.update>[2],
  ): Promise<WebhookRecord> => {
    const webhook = found(await records.update(query, store.now(), change));
    tell(webhook.id);
    return webhook;
  };
  const get = async (query: WebhookQuery) => found(await records.get(query));
  const delivery = async (query: WebhookQuery, id: string): Promise<WholeDelivery> => {
    const { id: webhookId } = await get(query);
    return found(await deliveries.get({ webhookId, id }));
  };

  return {
    /** Rejects with `address_refused` if the URL is not allowed. */
    async create(owner: string, kind: WebhookKind, spec: WebhookSpec): Promise<MadeWebhook> {
      outgoing.check(spec.url);
      const now = store.now();
      const id = newId(now);
      const made = isSigned(spec.format) ? secrets.make() : null;
      const webhook: WebhookRecord = {
        ...{ id, owner, kind, spec, shard: shardOf(id) },
        secrets: made ? [made.sealed] : [],
        enabled: true,
        disabledReason: null,
        health: healthy,
        since: now,
        resend: null,
        createdAt: now,
        version: 1,
      };
      if (!(await records.create(webhook, MAX_WEBHOOKS))) {
        const text = `You have ${MAX_WEBHOOKS} webhooks, the maximum. Delete one that you no longer need.`;
        throw new MillraceError("quota_exceeded", text, { retryable: false, extra: { limit: MAX_WEBHOOKS } });
      }
      tell(id);
      return { webhook, secret: made?.secret ?? null };
    },

    get,
    list: records.list,

    /** Omitted fields keep their values. Events that an endpoint missed while disabled are not sent automatically. */
    async change(query: WebhookQuery, change: WebhookSpecChange): Promise<MadeWebhook> {
      const { enabled, ...spec } = change;
      if (spec.url !== undefined) outgoing.check(spec.url);
      let secret: string | null = null;
      const webhook = await update(query, (one) => {
        const whole = { ...one.spec, ...spec };
        const isUnsigned = isSigned(whole.format) && one.secrets.length === 0;
        const made = isUnsigned ? secrets.make() : null;
        secret = made?.secret ?? null;
        const switched = enabled !== undefined && enabled !== one.enabled;
        return {
          spec: whole,
          ...(made && { secrets: [made.sealed] }),
          ...(!isSigned(whole.format) && { secrets: [] }),
          ...(switched && { enabled, disabledReason: enabled ? null : "owner" }),
          ...(switched && enabled && { since: store.now(), health: healthy }),
        };
      });
      return { webhook, secret };
    },

    async remove(query: WebhookQuery): Promise<void> {
      if (!(await records.remove(query))) found(null);
      tell(query.id);
    },

    /** Deletes all of an owner's endpoints. */
    async removeAll(owner: string): Promise<void> {
      for (;;) {
        const page = await records.listAll(owner, 100);
        if (page.length === 0) return;
        for (const { id } of page) {
          await records.remove({ owner, id });
          tell(id);
        }
      }
    },

    /** Creates a new secret. The old one also signs deliveries during the grace period. */
    async rotate(query: WebhookQuery, graceHours: number): Promise<MadeWebhook> {
      const made = secrets.make();
      const webhook = await update(query, (one) => {
        if (!isSigned(one.spec.format)) {
          const text = `Deliveries in the format ${one.spec.format} are not signed, so there is no secret.`;
          throw new MillraceError("invalid_request", text);
        }
        const now = store.now();
        const until = now + graceHours * 3_600_000;
        const before = one.secrets
          .map((secret) => ({ ...secret, until: Math.min(secret.until ?? until, until) }))
          .filter((secret) => secret.until > now);
        return { secrets: [made.sealed, ...before].slice(0, MAX_SECRETS) };
      });
      return { webhook, secret: made.secret };
    },

    /** Sends a test through a worker. Resolves with its result, or after a while without one. */
    async test(query: WebhookQuery, signal: AbortSignal): Promise<WholeDelivery> {
      const webhook = await get(query);
      const test = testDelivery(webhook, store.now());
      await deliveries.addAll([test]);
      await records.touch(webhook.id, store.now());
      tell(webhook.id);
      for (const end = performance.now() + TEST_WAIT_MS; ; ) {
        const present = found(await deliveries.get({ webhookId: webhook.id, id: test.id }));
        if (present.state !== "pending" || performance.now() > end || signal.aborted) return present;
        await sleep(TEST_LOOK_MS, undefined, { signal }).catch(() => {});
      }
    },

    async deliveries(
      query: WebhookQuery,
      page: { state?: DeliveryState; before?: string; limit: number },
    ): Promise<DeliveryRecord[]> {
      const { id: webhookId } = await get(query);
      return deliveries.list({ webhookId, ...page });
    },

    delivery,
    /** The request body, in the endpoint's current format. */
    bodyOf: ({ spec }: WebhookRecord, { payload }: WholeDelivery, publicUrl: string | null) =>
      bodyOf(spec.format, payload, publicUrl),
    pending: (id: string) => deliveries.pending(id, COUNTED_PENDING),

    /** Makes a delivery due now, whatever its state. */
    async retry(query: WebhookQuery, id: string): Promise<DeliveryRecord> {
      const { webhookId } = await delivery(query, id);
      await deliveries.retry({ webhookId, id }, store.now());
      await records.touch(webhookId, store.now());
      tell(webhookId);
      return delivery(query, id);
    },

    /** Counts the events that a resend would send. */
    async countResend(query: WebhookQuery, since: number, failedOnly: boolean) {
      const webhook = await get(query);
      const collector = createCollector({ store, deliveries }, webhook.id);
      const owners = webhook.kind === "everyone" ? [...(await collector.known()).keys()] : [webhook.owner];
      return collector.count(webhook, owners, { since, failedOnly });
    },

    /** Requests a resend of everything since a given time, which a worker carries out. */
    async resend(query: WebhookQuery, since: number, failedOnly: boolean): Promise<WebhookRecord> {
      return update(query, (one) => {
        if (!one.enabled)
          throw new MillraceError("invalid_request", "The webhook is disabled. Enable it first.");
        return { resend: { since, failedOnly, askedAt: store.now() } };
      });
    },
  };
}
