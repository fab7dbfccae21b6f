import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { choreRecords } from "../database/chores.ts";
import { hasEnded, processName } from "../database/process-names.ts";
import { deliveryRecords } from "../database/webhook-deliveries.ts";
import { webhookLeaseRecords } from "../database/webhook-leases.ts";
import { webhookRecords } from "../database/webhooks.ts";
import type { WebhookRecord } from "../domain/webhooks.ts";
import type { Engine } from "../engine/engine.ts";
import { topics } from "../engine/messages/topics.ts";
import { type Channel, type ChannelParts, createChannel } from "./channel.ts";

/** Interval of checking leases, changes and due deliveries. */
const LOOK_MS = 500;
const LEASE_MS = 10_000;
/** Shards to claim per check, so that processes that start together share them. */
const CLAIMED = 4;
/** Interval of checking the ends of all logs, because bus messages may be lost. */
const SWEEP_MS = 5_000;
const PAGE = 500;
const LOGS = 5_000;
/** Upper bound of clock differences between processes that change records. */
const SKEW_MS = 5_000;
const RETENTION_MS = 30 * 24 * 3_600_000;
const FORGET_MS = 600_000;

export interface DelivererParts
  extends Pick<ChannelParts, "outgoing" | "secrets" | "publicUrl" | "notices" | "delays" | "log"> {
  engine: Pick<Engine, "store" | "database" | "bus" | "messages">;
}

export interface Deliverer {
  close(): Promise<void>;
}

/**
 * Sends deliveries while this process runs. Any number of processes can do this: each endpoint belongs to the process
 * that holds the lease of its shard.
 */
export async function startDeliverer(parts: DelivererParts): Promise<Deliverer> {
  const { engine, log } = parts;
  const { store, database, bus, messages } = engine;
  const webhooks = webhookRecords(database);
  const deliveries = deliveryRecords(database);
  const leases = webhookLeaseRecords(database);
  const chores = choreRecords(database);
  // The process name lets others on this machine see right away when this process dies.
  const holder = [randomUUID(), processName()].filter((part) => part !== null).join("-");
  const stop = new AbortController();
  const { signal } = stop;
  const ending = new AbortController();
  const channels = new Map<string, Channel>();
  const byOwner = new Map<string, Set<Channel>>();
  const everyone = new Set<Channel>();
  let shards = new Set<number>();
  /** Shards being handed over, which wait for their last deliveries. */
  const leaving = new Map<number, Promise<void>>();
  let lookedAt = store.now() - SKEW_MS;
  let sweepAt = 0;
  let leaseUntil = 0;

  function open(webhook: WebhookRecord): void {
    if (channels.has(webhook.id)) return;
    const { random } = Math;
    const channel = createChannel(
      {
        ...{ ...parts, store, webhooks, deliveries, random, signal: ending.signal },
        onRemoved: () => void drop(webhook.id),
      },
      webhook,
    );
    channels.set(webhook.id, channel);
    if (webhook.kind === "everyone") everyone.add(channel);
    else if (webhook.kind === "own") {
      const known = byOwner.get(webhook.owner);
      if (known) known.add(channel);
      else byOwner.set(webhook.owner, new Set([channel]));
    }
    if (webhook.kind === "own") channel.grown(webhook.owner);
    else if (webhook.kind === "everyone") sweepAt = 0;
    channel.wake();
  }

  function drop(id: string): Promise<void> {
    const channel = channels.get(id);
    if (!channel) return Promise.resolve();
    channels.delete(id);
    everyone.delete(channel);
    const { owner } = channel.webhook;
    const known = byOwner.get(owner);
    known?.delete(channel);
    if (known?.size === 0) byOwner.delete(owner);
    return channel.close();
  }

  function grown(owner: string): void {
    for (const channel of byOwner.get(owner) ?? []) channel.grown(owner);
    for (const channel of everyone) channel.grown(owner);
  }

  /** An endpoint was changed, or someone requested a delivery. */
  async function changed(id: string): Promise<void> {
    const channel = channels.get(id);
    if (channel) return channel.wake();
    const webhook = await webhooks.get({ owner: null, id });
    if (webhook && shards.has(webhook.shard)) open(webhook);
  }

  async function keepLeases(): Promise<void> {
    const begun = performance.now();
    const now = store.now();
    const kept = await leases.renew(holder, now, now + LEASE_MS);
    if (!kept.some((shard) => shard < 0)) await leases.sit(holder, now + LEASE_MS);
    const claimed = await leases.claim(holder, now, now + LEASE_MS, CLAIMED, hasEnded);
    leaseUntil = begun + LEASE_MS;
    const present = new Set([...kept, ...claimed].filter((shard) => shard >= 0 && !leaving.has(shard)));
    const gained = [...present].filter((shard) => !shards.has(shard));
    const lost = [...shards].filter((shard) => !present.has(shard));
    shards = present;
    for (const [id, { webhook }] of channels) if (lost.includes(webhook.shard)) void drop(id);
    for (let after = ""; gained.length > 0; ) {
      const page = await webhooks.ofShards({ shards: gained, after, limit: PAGE });
      for (const webhook of page) open(webhook);
      if (page.length < PAGE) break;
      after = page.at(-1)!.id;
    }
  }

  /** Hands shards over to newer processes, each as soon as its last delivery finishes. */
  function giveUp(count: number): void {
    for (const shard of [...shards].slice(0, Math.max(0, count - leaving.size))) {
      shards.delete(shard);
      const closing = [...channels].filter(([, { webhook }]) => webhook.shard === shard);
      const left = Promise.all(closing.map(([id]) => drop(id)))
        .then(() => leases.release(holder, [shard]))
        .catch(() => {})
        .finally(() => leaving.delete(shard));
      leaving.set(shard, left);
    }
  }

  async function look(): Promise<void> {
    await keepLeases();
    const now = store.now();
    for (const id of await webhooks.changedSince(lookedAt - SKEW_MS, PAGE)) await changed(id);
    lookedAt = now;
    for (const channel of channels.values()) channel.look(now);
    if (performance.now() < sweepAt) return;
    sweepAt = performance.now() + SWEEP_MS;
    giveUp(await leases.excess(holder, now, hasEnded));
    await sweep();
    if (await chores.begin("forget deliveries", now, FORGET_MS)) {
      while (await deliveries.forget(now - RETENTION_MS, now));
      for (const id of await webhooks.forgetIdle(now - RETENTION_MS, PAGE)) {
        await bus.publish(topics.webhooks, id).catch(() => {});
      }
    }
  }

  /** Compares the ends of the logs with the positions read. */
  async function sweep(): Promise<void> {
    const check = async (of: Iterable<Channel>, ends: { owner: string; last: number }[]) => {
      for (const channel of of) {
        for (const { owner, last } of ends) if (await channel.isBehind(owner, last)) channel.grown(owner);
      }
    };
    const owners = [...byOwner.keys()];
    for (let from = 0; from < owners.length; from += LOGS) {
      for (const end of await store.logEnds({ owners: owners.slice(from, from + LOGS) })) {
        await check(byOwner.get(end.owner) ?? [], [end]);
      }
    }
    for (let after = ""; everyone.size > 0; ) {
      const ends = await store.logEnds({ after, limit: LOGS });
      await check(everyone, ends);
      if (ends.length < LOGS) break;
      after = ends.at(-1)!.owner;
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await look().catch((error: Error) => {
        if (!signal.aborted) log.warn("webhook deliveries were delayed", { error: error.message });
        // Another process may hold the shards by now.
        if (performance.now() > leaseUntil) {
          shards = new Set();
          for (const id of channels.keys()) void drop(id);
        }
      });
      await sleep(LOOK_MS * (0.9 + 0.2 * Math.random()), undefined, { signal }).catch(() => {});
    }
  }

  const subscriptions = [
    await bus.subscribe(
      topics.log,
      (message) => {
        const owner = messages.owner(message);
        if (owner !== null) grown(owner);
      },
      () => {
        sweepAt = 0;
      },
    ),
    await bus.subscribe(topics.webhooks, (message) => {
      const id = messages.webhook(message);
      if (id !== null) changed(id).catch(() => {});
    }),
  ];
  const running = run();

  return {
    async close() {
      stop.abort();
      await Promise.all(subscriptions.map((one) => one.close()));
      await running;
      const timer = setTimeout(() => ending.abort(), DRAIN_MS);
      await Promise.all([...[...channels.keys()].map(drop), ...leaving.values()]);
      clearTimeout(timer);
      await leases.resign(holder).catch(() => {});
    },
  };
}

/** Time for deliveries in flight when the process ends. Interrupted ones are sent again. */
const DRAIN_MS = 5_000;
