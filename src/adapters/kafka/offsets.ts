import { type Admin, ConnectionPool, FindCoordinatorKeyTypes, offsetCommitV8 } from "@platformatic/kafka";
import { clientOptions, whenCoordinated } from "./client.ts";
import type { KafkaSettings } from "./settings.ts";

/** A group's progress in one partition. */
export interface Mark {
  partition: number;
  /** Everything below is done. */
  offset: number;
  /** What is done beyond it, as written by `encodeRuns`. */
  beyond: string;
}

/** A member of the group, or nobody: Kafka accepts commits by nobody while the group has no members. */
export interface Author {
  member: string;
  generation: number;
}

export const nobody: Author = { member: "", generation: -1 };

/** The marks of one group, which is named like its topic. */
export interface Offsets {
  commit(marks: readonly Mark[], author: Author): Promise<void>;
  /** The marks of partitions; without one yet, the oldest message. */
  read(partitions: readonly number[]): Promise<Map<number, Mark>>;
  close(): Promise<void>;
}

/**
 * Uses its own connection: the group's connection blocks while a rebalance waits for members, but Kafka accepts commits
 * meanwhile. The client's own commit cannot carry what is done beyond the offset.
 */
export function createOffsets(settings: KafkaSettings, admin: Admin, topic: string): Offsets {
  const options = clientOptions(settings);
  const pool = new ConnectionPool(options.clientId, options);
  let coordinator: { host: string; port: number } | null = null;

  async function connect() {
    if (!coordinator) {
      const found = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: [topic] });
      coordinator = found[0]!;
    }
    return pool.get({ host: coordinator.host, port: coordinator.port });
  }

  return {
    async commit(marks, { member, generation }) {
      const partitions = marks.map(({ partition, offset, beyond }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: beyond,
      }));
      const topics = [{ name: topic, partitions }];
      const commit = async () => {
        try {
          return await offsetCommitV8.api.async(await connect(), topic, generation, member, null, topics);
        } catch (error) {
          coordinator = null;
          throw error;
        }
      };
      await whenCoordinated(commit, { membersMs: 0 });
    },

    async read(partitions) {
      const partitionIndexes = [...partitions];
      const groups = [{ groupId: topic, topics: [{ name: topic, partitionIndexes }] }];
      const [group] = await whenCoordinated(() => admin.listConsumerGroupOffsets({ groups }));
      const marks = new Map<number, Mark>();
      for (const { partitionIndex, committedOffset, metadata } of group?.topics[0]?.partitions ?? []) {
        if (committedOffset < 0n) continue;
        const mark = { partition: partitionIndex, offset: Number(committedOffset), beyond: metadata ?? "" };
        marks.set(partitionIndex, mark);
      }
      const fresh = partitionIndexes.filter((partition) => !marks.has(partition));
      if (fresh.length > 0) {
        const oldest = fresh.map((partitionIndex) => ({ partitionIndex, timestamp: -2n }));
        const [listed] = await admin.listOffsets({ topics: [{ name: topic, partitions: oldest }] });
        for (const { partitionIndex, offset } of listed!.partitions) {
          marks.set(partitionIndex, { partition: partitionIndex, offset: Number(offset), beyond: "" });
        }
      }
      return marks;
    },

    async close() {
      await pool.close().catch(() => {});
    },
  };
}
