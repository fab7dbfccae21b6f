import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "@platformatic/kafka";
import { isAnswer } from "./errors.ts";
import type { KafkaSettings } from "./settings.ts";

/** Topics known to exist; creates missing ones. */
export interface Topics {
  /** Resolves when the topic can be written to. Safe to call concurrently. */
  ensure(topic: string, options?: TopicOptions): Promise<void>;
  /** Whether the topic exists; does not create it. */
  exists(topic: string): Promise<boolean>;
  /** Forgets a topic that may have been deleted, so that it is looked up again. */
  forget(topic: string): void;
}

export interface TopicOptions {
  partitions?: number;
  /** Topic settings by Kafka's names. */
  configs?: Record<string, string>;
}

export function createTopics(admin: Admin, settings: KafkaSettings): Topics {
  const known = new Map<string, Promise<void>>();

  async function ensure(topic: string, options: TopicOptions): Promise<void> {
    if (await isReady(admin, topic)) return;
    const { partitions = settings.partitions, configs = {} } = options;
    try {
      await admin.createTopics({
        topics: [topic],
        partitions,
        replicas: settings.replicas,
        configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
      });
    } catch (error) {
      // Another process was faster.
      if (!isAnswer(error, "TOPIC_ALREADY_EXISTS")) throw error;
    }
    // It takes a moment after the confirmation until every broker knows the topic.
    const deadline = performance.now() + 10_000;
    for (let wait = 5; !(await isReady(admin, topic)); wait = Math.min(wait * 2, 200)) {
      if (performance.now() > deadline)
        throw new Error(`The topic ${topic} has partitions without a leader.`);
      await sleep(wait);
    }
  }

  return {
    ensure(topic, options = {}) {
      let ready = known.get(topic);
      if (!ready) {
        ready = ensure(topic, options);
        known.set(topic, ready);
        ready.catch(() => known.delete(topic));
      }
      return ready;
    },
    exists: (topic) => isReady(admin, topic),
    forget: (topic) => void known.delete(topic),
  };
}

/** Whether the topic exists and each of its partitions has a leader. */
async function isReady(admin: Admin, topic: string): Promise<boolean> {
  try {
    const metadata = await admin.metadata({ topics: [topic], forceUpdate: true, retries: 0 });
    const partitions = metadata.topics.get(topic)?.partitions ?? [];
    return partitions.length > 0 && partitions.every((partition) => partition.leader >= 0);
  } catch (error) {
    if (isMissingTopic(error) || isAnswer(error, "LEADER_NOT_AVAILABLE")) return false;
    throw error;
  }
}

/** The client wraps the server's answer about a missing topic in its own error. */
export function isMissingTopic(error: unknown): boolean {
  return (
    isAnswer(error, "UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID") ||
    (error instanceof Error && /^Unknown topic /.test(error.message))
  );
}
