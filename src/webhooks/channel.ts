import type { WebhookRecord, WholeDelivery } from "../domain/webhooks.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Store } from "../ports/store/store.ts";
import { type BreakerState, breakerState } from "./breaker.ts";
import { createCollector } from "./collect.ts";
import { createSender, type SenderParts } from "./sender.ts";

/** Concurrent deliveries per endpoint. */
export const AT_ONCE = 4;
/** Pause after an error on our side, such as a store outage. */
const AGAIN_MS = 1_000;
/** Logs to read per turn. */
const OWNERS = 50;
/** Page size for owners. */
const LOGS = 1_000;

export interface ChannelParts extends SenderParts {
  store: Pick<Store, "events" | "logBounds" | "logEnds" | "job" | "now">;
  log: StepLog;
  /** Called when the endpoint no longer exists. */
  onRemoved(): void;
}

export type Channel = ReturnType<typeof createChannel>;

/** Sends deliveries to one endpoint, while this process holds its lease. */
export function createChannel(parts: ChannelParts, initial: WebhookRecord) {
  const { store, webhooks, deliveries, signal } = parts;
  const { id } = initial;
  const collector = createCollector(parts, id);
  const sender = createSender(parts, initial);
  const dirty = new Set<string>();
  const inFlight = new Map<string, Promise<void>>();
  let since = initial.since;
  let isOn = initial.enabled;
  /** Whether the breaker's last probe was a delivery that had been attempted before. */
  let probedTried = false;
  /** After an error on our side, starts nothing before this time. */
  let heldUntil = 0;
  /** When there is something to do, unless `wake` is called earlier. In ms since the epoch. */
  let wakeAt = 0;
  let running: Promise<void> | null = null;
  let again = false;
  let isClosed = false;

  async function turn(): Promise<void> {
    const webhook = await webhooks.get({ owner: null, id });
    if (webhook === null || isClosed) {
      wakeAt = Number.POSITIVE_INFINITY;
      if (webhook === null) parts.onRemoved();
      return;
    }
    isOn = webhook.enabled;
    if (webhook.since !== since) {
      since = webhook.since;
      sender.health = webhook.health;
    }
    if (webhook.resend) await resend(webhook);
    if (webhook.enabled) await collectSome(webhook);
    await start(webhook);
  }

  async function collectSome(webhook: WebhookRecord): Promise<void> {
    for (const owner of [...dirty].slice(0, OWNERS)) {
      dirty.delete(owner);
      try {
        await collector.collect(webhook, owner);
      } catch (error) {
        dirty.add(owner);
        throw error;
      }
    }
    if (dirty.size > 0) again = true;
  }

  async function resend(webhook: WebhookRecord): Promise<void> {
    const asked = webhook.resend!;
    await collector.resend(webhook, ownersOf(webhook), asked);
    await webhooks.update({ owner: null, id }, store.now(), (one) =>
      one.resend?.askedAt === asked.askedAt ? { resend: null } : null,
    );
  }

  /** Owners whose events it receives. */
  async function* ownersOf({ kind, owner }: WebhookRecord): AsyncGenerator<string> {
    if (kind !== "everyone") return yield owner;
    for (let after = ""; ; ) {
      const ends = await store.logEnds({ after, limit: LOGS });
      for (const end of ends) yield end.owner;
      if (ends.length < LOGS) return;
      after = ends.at(-1)!.owner;
    }
  }

  /** Starts due deliveries, within the limits of concurrency and the breaker. */
  async function start(webhook: WebhookRecord): Promise<void> {
    const now = store.now();
    const state = breakerState(sender.health, now);
    wakeAt = heldUntil > now ? heldUntil : Number.POSITIVE_INFINITY;
    if (heldUntil > now) return;
    const isHeld = !webhook.enabled || state === "open";
    const room = (state === "half_open" && !isHeld ? 1 : AT_ONCE) - inFlight.size;
    const due = room > 0 ? await next(now, isHeld ? "open" : state) : [];
    for (const one of due.slice(0, room)) {
      if (state === "half_open") probedTried = one.last !== null;
      const sending = sender
        .deliver(webhook, one)
        .catch((error: Error) => held(error))
        .finally(() => {
          inFlight.delete(one.id);
          wake();
        });
      inFlight.set(one.id, sending);
    }
    if (inFlight.size >= AT_ONCE || !webhook.enabled) return;
    if (state === "open") wakeAt = sender.health.notBefore!;
    else if (inFlight.size === 0 || state === "closed") {
      // Everything due now is in flight.
      const after = inFlight.size === 0 ? undefined : now;
      wakeAt = (await deliveries.nextDue(id, after)) ?? Number.POSITIVE_INFINITY;
    }
  }

  /** Due deliveries that the breaker's state permits. */
  async function next(now: number, state: BreakerState): Promise<WholeDelivery[]> {
    const limit = AT_ONCE + inFlight.size;
    const find = async (only: { byHand?: boolean; tried?: boolean }) => {
      // Snapshot first: a delivery that finishes during the query may still be read as pending.
      const busy = new Set(inFlight.keys());
      const due = await deliveries.due({ webhookId: id, now, limit, byHand: false, ...only });
      return due.filter((one) => !busy.has(one.id));
    };
    if (state !== "closed") {
      const asked = await find({ byHand: true });
      if (state === "open" || asked.length > 0) return asked;
      // Alternate between attempted and other deliveries: some endpoints reject all new ones, some always the same.
      const tried = probedTried ? [] : await find({ tried: true });
      return tried.length > 0 ? tried : find({});
    }
    const due = await find({});
    if (due.length < AT_ONCE) return due;
    // Manual retries must not wait behind a backlog.
    const asked = await find({ byHand: true });
    return [...asked, ...due.filter((one) => !asked.some((other) => other.id === one.id))];
  }

  function held(error: Error): void {
    if (signal.aborted) return;
    heldUntil = store.now() + AGAIN_MS;
    wakeAt = heldUntil;
    parts.log.warn("webhook deliveries were delayed", { webhookId: id, error: error.message });
  }

  function wake(): void {
    again = true;
    if (running || isClosed) return;
    running = (async () => {
      try {
        while (again && !isClosed) {
          again = false;
          await turn();
        }
      } catch (error) {
        held(error as Error);
      } finally {
        running = null;
      }
    })();
  }

  return {
    webhook: initial,
    wake,
    /** Call it when a log has grown. */
    grown(owner: string) {
      dirty.add(owner);
      if (isOn) wake();
    },
    /** Whether a log has grown since it was read. Disabled endpoints read nothing. */
    isBehind: async (owner: string, last: number) =>
      isOn && ((await collector.known()).get(owner) ?? -1) < last,
    look(now: number) {
      if (now >= wakeAt) wake();
    },
    /** Waits for deliveries in flight. The next lease holder sends the rest. */
    async close() {
      isClosed = true;
      await running;
      await Promise.all(inFlight.values());
    },
  };
}
