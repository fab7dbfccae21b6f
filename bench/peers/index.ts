import type { Peer } from "./peer.ts";

/** Loaded on demand: each brings a client, some of which take half a second to load. */
const peers: { [name: string]: () => Promise<Peer> } = {
  bullmq: async () => (await import("./bullmq.ts")).bullmq,
  "bullmq-postgres": async () => (await import("./bullmq.ts")).bullmqPostgres,
  "pg-boss": async () => (await import("./pg-boss.ts")).pgBoss,
  "graphile-worker": async () => (await import("./graphile-worker.ts")).graphileWorker,
  "redis-streams": async () => (await import("../loops/redis-streams.ts")).redisStreams,
  "skip-locked": async () => (await import("../loops/skip-locked.ts")).skipLocked,
  rabbitmq: async () => (await import("../loops/rabbitmq.ts")).rabbitmq,
  "rabbitmq-records": async () => (await import("../loops/rabbitmq.ts")).rabbitmqWithRecords,
  kafka: async () => (await import("../loops/kafka.ts")).kafka,
  "kafka-records": async () => (await import("../loops/kafka.ts")).kafkaWithRecords,
};

export function peerNamed(name: string | undefined): Promise<Peer> {
  const load = peers[name ?? ""];
  if (!load) throw new Error(`There is no peer "${name}"; there are: ${Object.keys(peers).join(", ")}.`);
  return load();
}
