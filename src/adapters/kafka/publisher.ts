import { setTimeout as sleep } from "node:timers/promises";
import type { MessageToProduce, Producer } from "@platformatic/kafka";
import { MillraceError } from "../../errors.ts";
import type { PublishResult } from "../../ports/broker.ts";
import { closedError, isAnswer, toError } from "./errors.ts";
import { isMissingTopic, type Topics } from "./topics.ts";

/** A record to send; without `partition`, records rotate over the topic's partitions. */
export interface Outgoing {
  topic: string;
  key: string;
  value: string;
  headers?: Record<string, string>;
  partition?: number;
}

/** Writes records in batches: whatever waits when the last batch is confirmed goes together. */
export interface Publisher {
  /** Resolves when all replicas have the records, with the error of each that failed. */
  send(records: readonly Outgoing[]): Promise<PublishResult[]>;
  /** Sends what is waiting, and refuses more. */
  close(): Promise<void>;
}

/** Kafka accepts 1 MiB per batch by default, including its framing. */
export const maxRecordBytes = 900_000;

const LEADER_TRIES = 8;
const LEADER_WAIT_MS = 200;

interface Waiting {
  record: MessageToProduce<Buffer, Buffer, Buffer, Buffer>;
  bytes: number;
  settle(result: PublishResult): void;
}

/**
 * One batch is in flight at a time: a failed one makes the client start a new idempotent session, which would
 * invalidate the sequence numbers of another.
 */
export function createPublisher(producer: Producer, topics: Topics): Publisher {
  const waiting: Waiting[] = [];
  const nextTurn = partitionTurns();
  const sendBatch = batchSender(producer, topics);
  let running: Promise<void> | null = null;
  let closed = false;

  function enqueue(record: Outgoing): Promise<PublishResult> {
    const value = Buffer.from(record.value);
    if (value.length > maxRecordBytes) {
      const limit = `The payload has ${value.length} bytes; Kafka accepts at most ${maxRecordBytes}.`;
      return Promise.resolve({ ok: false, error: new MillraceError("payload_too_large", limit) });
    }
    const key = Buffer.from(record.key);
    return new Promise((settle) => {
      waiting.push({
        record: {
          topic: record.topic,
          key,
          value,
          partition: record.partition ?? nextTurn(record.topic),
          ...(record.headers && { headers: encode(record.headers) }),
        },
        bytes: value.length + key.length + 100,
        settle,
      });
    });
  }

  async function run(): Promise<void> {
    // Includes whatever else is published in this turn of the event loop.
    await new Promise(setImmediate);
    while (waiting.length > 0) await sendBatch(takeBatch(waiting));
    // In the same turn as the check for waiting records: a later one starts a new run.
    running = null;
  }

  return {
    send(records) {
      if (closed) return Promise.resolve(records.map(() => ({ ok: false, error: closedError() })));
      const results = Promise.all(records.map(enqueue));
      running ??= run();
      return results;
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

/** The client takes it modulo the number of partitions: they fill evenly, which hashed keys would not guarantee. */
function partitionTurns(): (topic: string) => number {
  const turns = new Map<string, number>();
  return (topic) => {
    const turn = turns.get(topic) ?? Math.floor(Math.random() * 1_000);
    turns.set(topic, (turn + 1) % 1_000_000_000);
    return turn;
  };
}

/** Sends a batch, and settles each of its records. */
function batchSender(producer: Producer, topics: Topics): (batch: Waiting[]) => Promise<void> {
  async function sendBatch(batch: Waiting[], tries = 1): Promise<void> {
    try {
      await producer.send({ messages: batch.map(({ record }) => record) });
      for (const { settle } of batch) settle({ ok: true });
    } catch (error) {
      if (!isAnswer(error, "NOT_LEADER_OR_FOLLOWER", "LEADER_NOT_AVAILABLE") || tries === LEADER_TRIES)
        return afterFailure(batch, error);
      // A new topic, or a partition that moves: nothing was written.
      await sleep(LEADER_WAIT_MS);
      await sendBatch(batch, tries + 1);
    }
  }

  async function afterFailure(batch: Waiting[], error: unknown): Promise<void> {
    if (isAnswer(error, "MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE")) {
      // The server's limit is lower than ours: find out which records exceed it.
      if (batch.length > 1) return sendHalves(batch);
      const cause = new MillraceError("payload_too_large", "The payload is larger than Kafka accepts.", {
        cause: error,
      });
      return batch[0]!.settle({ ok: false, error: cause });
    }
    const named = new Set(batch.map(({ record }) => record.topic));
    if (isMissingTopic(error)) {
      for (const topic of named) topics.forget(topic);
      if (named.size > 1) return sendHalves(batch);
    }
    const failure = toError(error, "publishing");
    for (const { settle } of batch) settle({ ok: false, error: failure });
  }

  async function sendHalves(batch: Waiting[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await sendBatch(batch.slice(0, middle));
    await sendBatch(batch.slice(middle));
  }

  return sendBatch;
}

/** As many as fit into one batch of one partition, whichever partitions they are for. */
function takeBatch(waiting: Waiting[]): Waiting[] {
  let bytes = 0;
  let count = 0;
  while (count < waiting.length && (count === 0 || bytes + waiting[count]!.bytes <= maxRecordBytes)) {
    bytes += waiting[count]!.bytes;
    count++;
  }
  return waiting.splice(0, count);
}

function encode(headers: Record<string, string>): Map<Buffer, Buffer> {
  return new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
}
