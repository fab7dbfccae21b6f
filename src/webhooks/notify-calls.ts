import { setTimeout as sleep } from "node:timers/promises";
import { type NotifyCall, notifyCallRecords } from "../database/notify-calls.ts";
import { deliveryRecords } from "../database/webhook-deliveries.ts";
import { shardOf, webhookRecords } from "../database/webhooks.ts";
import { derivedId } from "../domain/ids.ts";
import type { EventRecord } from "../domain/records.ts";
import { healthy, type WebhookFormat, type WebhookRecord } from "../domain/webhooks.ts";
import type { Engine } from "../engine/engine.ts";
import { topics } from "../engine/messages/topics.ts";
import type { StepLog } from "../pipeline/context.ts";
import { deliveryOf } from "./payload.ts";

const LOOK_MS = 500;
const PAGE = 100;
const EVENTS = 500;

export interface NotifyCallParts {
  engine: Pick<Engine, "store" | "database" | "bus">;
  log: StepLog;
}

/**
 * Creates deliveries to the URLs in a job's `notify`, with the same attempts as any other webhook. The result is the
 * same each time, so any number of processes can run this and be interrupted.
 */
export function startNotifyCalls({ engine, log }: NotifyCallParts): { close(): Promise<void> } {
  const stop = new AbortController();
  const calls = notifyCallRecords(engine.database);

  async function look(): Promise<void> {
    for (const call of await calls.waiting(PAGE)) {
      if (stop.signal.aborted) return;
      await deliver(engine, call);
      await calls.done(call.id);
    }
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      await look().catch((error: unknown) => {
        if (!stop.signal.aborted)
          log.warn("job notifications could not be sent", { error: (error as Error).message });
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

async function deliver({ store, database, bus }: NotifyCallParts["engine"], call: NotifyCall): Promise<void> {
  const { owner, jobId } = call;
  const [job, event] = await Promise.all([store.job({ owner, id: jobId }), eventOf(store, call)]);
  // Someone who has already deleted the job does not want to hear about it.
  if (!job || !event) return;
  const now = store.now();
  const webhook = endpointOf(call, now);
  const webhooks = webhookRecords(database);
  // Create the delivery first, because an endpoint without deliveries may be deleted.
  await deliveryRecords(database).addAll([deliveryOf(webhook, event, job, now)]);
  await webhooks.create(webhook, Number.MAX_SAFE_INTEGER);
  // An earlier job's failures disabled the endpoint. Enable it again.
  await webhooks.update({ owner, id: webhook.id }, now, (one) =>
    one.enabled ? null : { enabled: true, disabledReason: null, health: healthy, since: now },
  );
  await bus.publish(topics.webhooks, webhook.id).catch(() => {});
}

/** The event that ended the job, with its sequence number. */
async function eventOf(
  store: Pick<Engine["store"], "events">,
  call: NotifyCall,
): Promise<EventRecord | null> {
  for (let after = 0; ; ) {
    const events = await store.events({ owner: call.owner, after, limit: EVENTS, jobId: call.jobId });
    const found = events.find(({ type, at }) => type === call.type && at === call.at);
    if (found) return found;
    if (events.length === 0) return null;
    after = events.at(-1)!.seq;
  }
}

/** One endpoint, and so one circuit breaker, for all of an owner's jobs that name the URL. */
function endpointOf({ owner, url }: NotifyCall, now: number): WebhookRecord {
  const id = derivedId(0, "notify", owner, url);
  return {
    ...{ id, owner, kind: "job", shard: shardOf(id) },
    spec: { url, format: formatOf(url), events: [], pipelines: [], description: "" },
    // The receiver shares no secret with us.
    secrets: [],
    ...{ enabled: true, disabledReason: null, health: healthy },
    ...{ since: now, resend: null, createdAt: now, version: 1 },
  };
}

function formatOf(url: string): WebhookFormat {
  const { hostname, pathname } = new URL(url);
  if (hostname === "hooks.slack.com") return "slack";
  const isDiscord = /^(?:\w+\.)?discord(?:app)?\.com$/.test(hostname);
  return isDiscord && pathname.startsWith("/api/webhooks/") ? "discord" : "generic";
}
