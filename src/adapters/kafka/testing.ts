import type { Outage } from "../../testing/points.ts";
import { addressOf } from "../../testing/services.ts";
import { openTcpProxy } from "../../testing/tcp-proxy.ts";
import { createAdmin } from "./client.ts";
import { parseKafkaUrl } from "./settings.ts";
import { isMissingTopic } from "./topics.ts";

/** The Kafka server of the tests: `npm run services` starts it. */
export const serviceUrl = process.env.MILLRACE_TEST_KAFKA ?? "kafka://127.0.0.1:19092";
export const service = addressOf(serviceUrl, 9092);

export interface Line {
  /** Reaches Kafka through a proxy that can be cut. */
  url: string;
  outage: Outage | string;
  /** Also deletes the topics with this prefix. */
  close(prefix: string): Promise<void>;
}

/**
 * Kafka tells its clients which address to use, so a proxy needs its own listener in the server: the one that
 * `npm run services` starts has two.
 */
export async function openLine(which: 0 | 1): Promise<Line> {
  const ours = process.env.MILLRACE_TEST_KAFKA === undefined || service.port === 19_092;
  const port = service.port + 3 + which * 2;
  const proxy = ours ? await openTcpProxy({ host: service.host, port: port - 1 }, port) : null;
  return {
    url: proxy ? `kafka://127.0.0.1:${port}` : serviceUrl,
    outage: proxy ? proxy.outage : "only the Kafka of `npm run services` can be put behind a proxy",
    async close(prefix) {
      await removeTopics(prefix);
      await proxy?.close();
    },
  };
}

/** Removes the topics with a test's prefix. */
export async function removeTopics(prefix: string): Promise<void> {
  const admin = createAdmin(parseKafkaUrl(serviceUrl));
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
  // Some may already be in the process of deletion.
  const gone = (error: unknown) => {
    if (!isMissingTopic(error)) throw error;
  };
  if (topics.length > 0) await admin.deleteTopics({ topics }).catch(gone);
  await admin.close();
}
