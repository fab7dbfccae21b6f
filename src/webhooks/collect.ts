import type { DeliveryRecords } from "../database/webhook-deliveries.ts";
import { idsFrom } from "../domain/ids.ts";
import type { JobRecord } from "../domain/records.ts";
import type { ResendRequest, WebhookRecord } from "../domain/webhooks.ts";
import type { Store } from "../ports/store/store.ts";
import { positionAt } from "./log-position.ts";
import { deliveryOf, isWanted } from "./payload.ts";

/** Page size for events. */
const PAGE = 200;
/** Page size for positions. */
const POSITIONS = 5_000;
/** Limits of counting before a resend: number of events, and time in ms. */
const MOST_COUNTED = 10_000;
const COUNT_MS = 250;

interface CollectorParts {
  store: Pick<Store, "events" | "logBounds" | "job" | "now">;
  deliveries: DeliveryRecords;
}

/** Creates a delivery for each event that an endpoint should receive, exactly once. */
export function createCollector({ store, deliveries }: CollectorParts, webhookId: string) {
  /** Sequence number up to which each log was read. */
  let positions: Map<string, number> | null = null;

  async function known(): Promise<Map<string, number>> {
    if (positions) return positions;
    const found = new Map<string, number>();
    for (let after = ""; ; ) {
      const page = await deliveries.positions(webhookId, after, POSITIONS);
      for (const { owner, position } of page) found.set(owner, position);
      if (page.length < POSITIONS) break;
      after = page.at(-1)!.owner;
    }
    positions = found;
    return found;
  }

  /** Reads a log to its end, or to `until`, or until `onPage` returns false. */
  async function read(
    webhook: WebhookRecord,
    owner: string,
    from: { after: number; since: number; until: number },
    onPage: (made: ReturnType<typeof deliveryOf>[], position: number) => Promise<unknown>,
  ): Promise<void> {
    const jobs = new Map<string, JobRecord | null>();
    for (let { after } = from; after < from.until; ) {
      const events = await store.events({ owner, after, limit: PAGE });
      if (events.length === 0) return;
      const made: ReturnType<typeof deliveryOf>[] = [];
      for (const event of events) {
        if (event.seq > from.until || event.at < from.since) continue;
        if (!webhook.spec.events.includes(event.type)) continue;
        const { jobId } = event;
        if (!jobs.has(jobId)) jobs.set(jobId, await store.job({ owner, id: jobId }));
        const job = jobs.get(jobId)!;
        if (isWanted(webhook.spec, event.type, job)) made.push(deliveryOf(webhook, event, job, store.now()));
      }
      after = events.at(-1)!.seq;
      if ((await onPage(made, after)) === false) return;
    }
  }

  /** Creates a delivery for each new event. */
  async function collect(webhook: WebhookRecord, owner: string): Promise<void> {
    const held = await known();
    const after = held.get(owner) ?? (await positionAt(store, owner, webhook.since));
    const from = { after, since: webhook.since, until: Number.POSITIVE_INFINITY };
    await read(webhook, owner, from, async (made, position) => {
      await deliveries.collected(made, { webhookId, owner, position });
      held.set(owner, position);
    });
    if (held.has(owner)) return;
    await deliveries.collected([], { webhookId, owner, position: after });
    held.set(owner, after);
  }

  return {
    /** Sequence number up to which each log was read. */
    known,
    collect,

    /** Number of events that `resend` would send. A lower bound if there are many, or counting takes too long. */
    async count(
      webhook: WebhookRecord,
      owners: readonly string[],
      { since, failedOnly }: Pick<ResendRequest, "since" | "failedOnly">,
    ): Promise<{ events: number; more: boolean }> {
      const end = performance.now() + COUNT_MS;
      let events = await deliveries.resendable({
        ...{ webhookId, from: idsFrom(since), failedOnly },
        most: MOST_COUNTED,
      });
      const isOver = () => events >= MOST_COUNTED || performance.now() > end;
      if (failedOnly) return { events, more: events >= MOST_COUNTED };
      const held = await known();
      for (const owner of owners) {
        const until = held.get(owner) ?? 0;
        const after = await positionAt(store, owner, since);
        await read(webhook, owner, { after, since, until }, async (made) => {
          const there = await deliveries.known(
            webhookId,
            made.map(({ id }) => id),
          );
          events += made.filter(({ id }) => !there.has(id)).length;
          return !isOver();
        });
        if (isOver()) return { events, more: true };
      }
      return { events, more: false };
    },

    /** Makes deliveries since a time due again, and creates those that are missing. Safe to repeat. */
    async resend(webhook: WebhookRecord, owners: AsyncIterable<string>, asked: ResendRequest): Promise<void> {
      const { since, failedOnly, askedAt } = asked;
      const now = store.now();
      await deliveries.resend({ webhookId, from: idsFrom(since), failedOnly, askedAt, now });
      if (failedOnly) return;
      const held = await known();
      for await (const owner of owners) {
        if (!held.has(owner)) await collect(webhook, owner);
        // Later events are collected as usual.
        const until = held.get(owner) ?? 0;
        const after = await positionAt(store, owner, since);
        await read(webhook, owner, { after, since, until }, async (made) => deliveries.addAll(made));
      }
    },
  };
}
