import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "@platformatic/kafka";
import type { ConsumeOptions, DeliveryHandler } from "../../ports/broker.ts";
import { deliver } from "../deliver.ts";
import { type Committer, createCommits } from "./commits.ts";
import { createDelivery } from "./delivery.ts";
import { createFetcher } from "./fetcher.ts";
import { createGroup, type Group } from "./group.ts";
import { createOffsets, nobody, type Offsets } from "./offsets.ts";
import { Partitions } from "./partitions.ts";
import type { Publisher } from "./publisher.ts";
import type { KafkaSettings } from "./settings.ts";
import { settlingOf } from "./settling.ts";
import type { Topics } from "./topics.ts";
import type { Entry, Window } from "./window.ts";

export interface QueueConsumer {
  /** By partition: where this consumer reads next, and how many messages it has fetched but not delivered. */
  progress(): Map<number, { position: number; waiting: number }>;
  close(): Promise<void>;
  /** Waits for settlements in flight, and refuses new ones. */
  end(): Promise<void>;
}

export interface ConsumerParts {
  settings: KafkaSettings;
  admin: Admin;
  topics: Topics;
  publisher: Publisher;
}

/** Consumes one queue: fetched messages wait in a buffer, and the handler holds up to `prefetch` of them. */
export async function openConsumer(
  parts: ConsumerParts,
  queue: string,
  topic: string,
  { prefetch }: ConsumeOptions,
  handler: DeliveryHandler,
): Promise<QueueConsumer> {
  const { settings, admin, topics } = parts;
  const offsets = createOffsets(settings, admin, topic);
  const partitions = new Partitions();
  let held = 0;
  let isDispatching = false;
  /** Nothing is delivered until the group has heard from us. */
  let isSuspended = false;
  let closing: Promise<void> | null = null;
  let hasEnded = false;

  const group = createGroup(settings, admin, topic, {
    owns(ours, anew) {
      if (partitions.own(ours, anew)) void locate();
    },
    alive() {
      isSuspended = false;
      dispatch();
    },
  });
  const fetcher = createFetcher<Window>(settings, group.client, {
    topic,
    sources: () => (closing || partitions.waiting >= prefetch ? [] : partitions.readable),
    received: (window, offset, record) => partitions.receive(window, offset, record),
    done: dispatch,
    failing: () => {},
    missing() {
      topics.forget(topic);
      return topics.ensure(topic);
    },
  });
  let committer = asMember(group, offsets);
  const commits = createCommits(
    () => partitions.windows,
    () => committer,
    giveBack,
  );
  const settling = settlingOf({
    ...{ topic, topics, publisher: parts.publisher, commits, giveBack },
    state: () => (hasEnded ? "ended" : closing ? "closing" : "open"),
    settled() {
      held--;
      dispatch();
    },
  });

  async function locate(): Promise<void> {
    await partitions.locate(offsets.read, () => closing !== null);
    fetcher.pump();
  }

  function dispatch(): void {
    // A handler that settles at once re-enters here; the loop below then continues.
    if (isDispatching || closing) return;
    isDispatching = true;
    while (held < prefetch && partitions.waiting > 0 && !isSuspended && group.isMember()) {
      held++;
      deliver(handler, createDelivery(queue, partitions.take()!, settling));
    }
    isDispatching = false;
    if (partitions.waiting < prefetch) fetcher.pump();
  }

  /** Redelivers it once the group has heard from us; while Kafka is down, an immediate retry would loop. */
  function giveBack(entry: Entry): void {
    if (entry.window.lost) return;
    isSuspended = true;
    partitions.giveBack(entry);
  }

  async function close(): Promise<void> {
    await fetcher.close();
    await commits.flush();
    await group.close();
    committer = afterLeaving(offsets);
  }

  try {
    await group.join();
    // Deliveries can arrive once the reading positions are known.
    await Promise.race([locate(), sleep(5_000, undefined, { ref: false })]);
  } catch (error) {
    await Promise.all([fetcher.close(), offsets.close()]);
    throw error;
  }
  const consumer: QueueConsumer = {
    progress: () => (closing ? new Map() : partitions.progress()),
    close() {
      closing ??= close();
      return closing;
    },
    async end() {
      await consumer.close();
      await commits.flush();
      hasEnded = true;
      await offsets.close();
    },
  };
  return consumer;
}

function asMember(group: Group, offsets: Offsets): Committer {
  let round = 0;
  return {
    commit(marks) {
      round = group.round();
      return offsets.commit(marks, group.author());
    },
    rebalanced: () => group.rebalanced(round),
  };
}

/** Kafka accepts commits from outside a group while it has no members: then nobody else has our messages. */
function afterLeaving(offsets: Offsets): Committer {
  return { commit: (marks) => offsets.commit(marks, nobody), rebalanced: null };
}
