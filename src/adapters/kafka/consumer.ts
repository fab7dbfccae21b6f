import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, KafkaRecord } from "@platformatic/kafka";
import type { ConsumeOptions, DeliveryHandler } from "../../ports/broker.ts";
import { type Committer, createCommits } from "./commits.ts";
import { createDelivery, type Settling } from "./delivery.ts";
import { closedError, lostError } from "./errors.ts";
import { createFetcher } from "./fetcher.ts";
import { createGroup } from "./group.ts";
import { deadTopicOf } from "./names.ts";
import { createOffsets, nobody } from "./offsets.ts";
import type { Publisher } from "./publisher.ts";
import type { KafkaSettings } from "./settings.ts";
import type { Topics } from "./topics.ts";
import { type Entry, Window } from "./window.ts";

export interface QueueConsumer {
  /** By partition: where this consumer reads next, and how many messages it has fetched and not delivered. */
  progress(): Map<number, { position: number; waiting: number }>;
  close(): Promise<void>;
  /** Waits for settlements under way and refuses others. */
  end(): Promise<void>;
}

export interface ConsumerParts {
  settings: KafkaSettings;
  admin: Admin;
  topics: Topics;
  publisher: Publisher;
}

/** The header that counts deliveries of a message that was given back. */
export const countHeader = "count";

/** Messages of a partition between the oldest unfinished one and the newest fetched. */
const maxWindow = 10_000;

/** Consumes one queue: fetched messages wait in a buffer, `prefetch` of them are held by the handler. */
export async function openConsumer(
  parts: ConsumerParts,
  queue: string,
  topic: string,
  options: ConsumeOptions,
  handler: DeliveryHandler,
): Promise<QueueConsumer> {
  const { settings, admin, topics, publisher } = parts;
  const offsets = createOffsets(settings, admin, topic);
  const windows = new Map<number, Window>();
  let buffer: Entry[] = [];
  let held = 0;
  let dispatching = false;
  let suspended = false;
  let closing: Promise<void> | null = null;
  let ended = false;

  const group = createGroup(settings, admin, topic, {
    owns(partitions, anew) {
      for (const window of [...windows.values()]) {
        if (anew || !partitions.includes(window.partition)) lose(window);
      }
      const fresh = partitions.filter((partition) => !windows.has(partition));
      for (const partition of fresh) windows.set(partition, new Window(partition));
      if (fresh.length > 0) void locate();
    },
    alive() {
      suspended = false;
      dispatch();
    },
  });
  const fetcher = createFetcher<Window>(settings, group.client, {
    topic,
    sources() {
      if (closing || buffer.length >= options.prefetch) return [];
      // A message that takes for ever must not make us remember everything behind it.
      return [...windows.values()].filter((window) => window.size < maxWindow);
    },
    received: receive,
    done: dispatch,
    failing: () => {},
    missing() {
      topics.forget(topic);
      return topics.ensure(topic);
    },
  });
  let round = 0;
  const asMember: Committer = {
    commit(marks) {
      round = group.round();
      return offsets.commit(marks, group.author());
    },
    rebalanced: () => group.rebalanced(round),
  };
  // Kafka takes marks from outside a group while it has no members: nobody else has our messages then.
  const afterLeaving: Committer = { commit: (marks) => offsets.commit(marks, nobody), rebalanced: null };
  let committer = asMember;
  const commits = createCommits(
    () => windows.values(),
    () => committer,
    giveBack,
  );

  function lose(window: Window): void {
    window.lost = true;
    windows.delete(window.partition);
    buffer = buffer.filter((entry) => entry.window !== window);
  }

  /** Finds where to start reading partitions that became ours. */
  async function locate(): Promise<void> {
    for (let wait = 50; !closing; wait = Math.min(wait * 2, 1_000)) {
      const open = [...windows.values()].filter((window) => window.position === null);
      if (open.length === 0) return;
      try {
        const marks = await offsets.read(open.map((window) => window.partition));
        for (const window of open) if (window.position === null) window.begin(marks.get(window.partition)!);
        return fetcher.pump();
      } catch {
        await sleep(wait, undefined, { ref: false });
      }
    }
  }

  function receive(window: Window, offset: number, record: KafkaRecord): void {
    const count = record.headers.find(([name]) => name?.toString() === countHeader)?.[1];
    const entry: Entry = {
      window,
      offset,
      id: record.key?.toString() ?? "",
      payload: record.value?.toString() ?? "",
      count: count ? Number(count.toString()) : 0,
      state: "waiting",
    };
    if (window.add(entry)) buffer.push(entry);
  }

  function dispatch(): void {
    // A handler that settles at once comes back here; the loop below goes on then.
    if (dispatching || closing) return;
    dispatching = true;
    while (held < options.prefetch && buffer.length > 0 && !suspended && group.isMember()) {
      const entry = buffer.shift()!;
      entry.window.hold(entry);
      held++;
      deliver(entry);
    }
    dispatching = false;
    if (buffer.length < options.prefetch) fetcher.pump();
  }

  function deliver(entry: Entry): void {
    const delivery = createDelivery(queue, entry, settling);
    const returnIt = () => void delivery.retry().catch(() => {});
    try {
      Promise.resolve(handler(delivery)).catch(returnIt);
    } catch {
      returnIt();
    }
  }

  const settling: Settling = {
    ack: (entry) => settle(entry, () => commits.finish(entry)),
    retry: (entry) =>
      settle(entry, async () => {
        // Without an offset of ours beyond it, it comes to whoever reads the partition next.
        if (closing) return;
        const headers = { [countHeader]: String(entry.count) };
        const [result] = await publisher.send([{ topic, key: entry.id, value: entry.payload, headers }]);
        if (!result!.ok) return giveBack(entry);
        // When this fails it comes twice, which may happen to any message.
        if (!entry.window.lost) await commits.finish(entry).catch(() => {});
      }),
    reject: (entry) =>
      settle(entry, async () => {
        await bury(entry).catch((error) => {
          giveBack(entry);
          throw error;
        });
        await commits.finish(entry);
      }),
    check(entry) {
      if (ended) throw closedError();
      if (entry.window.lost) throw lostError(entry.id);
    },
  };

  /** Its slot is free when Kafka has kept the outcome, or it is known that it will not. */
  async function settle(entry: Entry, how: () => Promise<void>): Promise<void> {
    try {
      settling.check(entry);
      await how();
    } finally {
      held--;
      dispatch();
    }
  }

  async function bury(entry: Entry): Promise<void> {
    const dead = deadTopicOf(topic);
    await topics.ensure(dead, { partitions: 1 });
    const record = { topic: dead, key: entry.id, value: entry.payload, partition: 0 };
    const [result] = await publisher.send([record]);
    if (!result!.ok) throw result!.error;
  }

  /** Delivers it again when the group has heard from us; while Kafka is away that would turn in circles. */
  function giveBack(entry: Entry): void {
    if (entry.window.lost) return;
    suspended = true;
    entry.window.reopen(entry);
    buffer.push(entry);
  }

  function closeOnce(): Promise<void> {
    closing ??= close();
    return closing;
  }

  async function close(): Promise<void> {
    await fetcher.close();
    await commits.flush();
    await group.close();
    committer = afterLeaving;
  }

  try {
    await group.join();
    // Deliveries can arrive once it is known where to read.
    await Promise.race([locate(), sleep(5_000, undefined, { ref: false })]);
  } catch (error) {
    await Promise.all([fetcher.close(), offsets.close()]);
    throw error;
  }
  return {
    progress: () =>
      new Map(
        [...windows.values()].flatMap(({ partition, position, waiting }) =>
          position === null || closing ? [] : [[partition, { position, waiting }]],
        ),
      ),
    close: closeOnce,
    async end() {
      await closeOnce();
      await commits.flush();
      ended = true;
      await offsets.close();
    },
  };
}
