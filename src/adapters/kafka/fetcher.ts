import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionPool, type Consumer, type KafkaRecord, type RecordsBatch } from "@platformatic/kafka";
import { clientOptions } from "./client.ts";
import type { KafkaSettings } from "./settings.ts";
import { isMissingTopic } from "./topics.ts";

/** A partition to read from `position` on. */
export interface Source {
  readonly partition: number;
  position: number | null;
  readonly lost: boolean;
}

export interface FetchPlan<S extends Source> {
  topic: string;
  /** The partitions to read now; none to pause. */
  sources(): readonly S[];
  /** One message, in partition order. */
  received(source: S, offset: number, record: KafkaRecord): void;
  /** All messages of a response have been received. */
  done(): void;
  /** Reading failed, or works again. */
  failing(failing: boolean): void;
  /** The topic was deleted and must be created again. */
  missing(): Promise<unknown>;
}

export interface Fetcher {
  /**
   * Starts reading every partition that is not being read. Call it when there are new sources or there is room again.
   */
  pump(): void;
  close(): Promise<void>;
}

/** Kafka answers as soon as there is a message, and otherwise after this time. */
const longPollMs = 500;
const maxBytesPerPartition = 256 * 1024;
type FetchResponse = Awaited<ReturnType<Consumer["fetch"]>>;
const isControl = 0b10_0000;

/** Reads partitions over its own connections: a waiting read would hold up heartbeats and commits. */
export function createFetcher<S extends Source>(
  settings: KafkaSettings,
  client: Consumer,
  plan: FetchPlan<S>,
): Fetcher {
  const { topic } = plan;
  const options = clientOptions(settings);
  const connectionPool = new ConnectionPool(options.clientId, options);
  const busy = new Set<number>();
  let closed = false;
  let pumping = false;
  let failures = 0;

  async function pump(): Promise<void> {
    if (pumping || closed) return;
    pumping = true;
    try {
      const sources = plan.sources().filter((source) => source.position !== null && !source.lost);
      if (sources.length === 0) return;
      const metadata = await client.metadata({ topics: [topic] });
      const { id, partitions } = metadata.topics.get(topic)!;
      const byNode = Map.groupBy(sources, (source) => partitions[source.partition]?.leader ?? -1);
      for (const [node, group] of byNode) if (!busy.has(node)) void read(node, id, group);
    } catch (error) {
      void recover(error);
    } finally {
      pumping = false;
    }
  }

  async function read(node: number, topicId: string, sources: S[]): Promise<void> {
    busy.add(node);
    const requested = new Map(
      sources.map((source) => [source.partition, { source, from: source.position! }]),
    );
    try {
      const response = await client.fetch({
        ...{ node, connectionPool, maxWaitTime: longPollMs, minBytes: 1 },
        maxBytes: maxBytesPerPartition * 16,
        topics: [{ topicId, partitions: sources.map(requestOf) }],
      });
      busy.delete(node);
      if (closed) return;
      if (failures > 0) plan.failing(false);
      failures = 0;
      for (const { partitionIndex, records } of response.responses.flatMap((one) => one.partitions)) {
        const { source, from } = requested.get(partitionIndex) ?? {};
        // The partition may have been taken from us, or repositioned, while the response was on its way.
        if (source && !source.lost && source.position === from)
          for (const batch of records ?? []) take(plan, source, batch);
      }
      plan.done();
      void pump();
    } catch (error) {
      busy.delete(node);
      await recover(error);
    }
  }

  async function recover(error: unknown): Promise<void> {
    if (closed) return;
    if (!skipExpired(plan.sources(), error)) {
      if (failures++ === 0) plan.failing(true);
      if (isMissingTopic(error)) await plan.missing().catch(() => {});
      client.clearMetadata();
      await sleep(Math.min(50 * 2 ** failures, 1_000), undefined, { ref: false });
    }
    void pump();
  }

  return {
    pump: () => void pump(),
    async close() {
      closed = true;
      await connectionPool.close().catch(() => {});
    },
  };
}

function requestOf({ partition, position }: Source) {
  return {
    partition,
    fetchOffset: BigInt(position!),
    partitionMaxBytes: maxBytesPerPartition,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: -1,
  };
}

function take<S extends Source>(plan: FetchPlan<S>, source: S, batch: RecordsBatch): void {
  const first = Number(batch.firstOffset);
  if ((batch.attributes & isControl) === 0) {
    for (const record of batch.records) {
      const offset = first + record.offsetDelta;
      // Kafka answers with whole batches, even if we asked for a message in the middle of one.
      if (offset >= source.position!) plan.received(source, offset, record);
    }
  }
  source.position = Math.max(source.position!, first + batch.lastOffsetDelta + 1);
}

/** Skips to the oldest message if Kafka has deleted what we wanted to read. */
function skipExpired(sources: readonly Source[], error: unknown): boolean {
  const response = (error as { response?: FetchResponse }).response;
  let moved = false;
  for (const answer of response?.responses?.flatMap((one) => one.partitions) ?? []) {
    if (answer.errorCode !== 1) continue;
    const source = sources.find((one) => one.partition === answer.partitionIndex);
    if (!source || source.position === null) continue;
    source.position = Number(answer.logStartOffset >= 0n ? answer.logStartOffset : 0n);
    moved = true;
  }
  return moved;
}
