import { kafka, kafkaWithRecords } from "../loops/kafka.ts";
import { rabbitmq, rabbitmqWithRecords } from "../loops/rabbitmq.ts";
import { redisStreams } from "../loops/redis-streams.ts";
import { skipLocked } from "../loops/skip-locked.ts";
import { bullmq, bullmqPostgres } from "./bullmq.ts";
import { graphileWorker } from "./graphile-worker.ts";
import type { Peer } from "./peer.ts";
import { pgBoss } from "./pg-boss.ts";

const peers: { [name: string]: Peer } = {
  bullmq,
  "bullmq-postgres": bullmqPostgres,
  "pg-boss": pgBoss,
  "graphile-worker": graphileWorker,
  "redis-streams": redisStreams,
  "skip-locked": skipLocked,
  rabbitmq,
  "rabbitmq-records": rabbitmqWithRecords,
  kafka,
  "kafka-records": kafkaWithRecords,
};

export function peerNamed(name: string | undefined): Peer {
  const peer = peers[name ?? ""];
  if (!peer) throw new Error(`There is no peer "${name}"; there are: ${Object.keys(peers).join(", ")}.`);
  return peer;
}
