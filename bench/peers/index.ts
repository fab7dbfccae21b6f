import { bullmq } from "./bullmq.ts";
import { graphileWorker } from "./graphile-worker.ts";
import type { Peer } from "./peer.ts";
import { pgBoss } from "./pg-boss.ts";

export const peers: { [name: string]: Peer } = {
  bullmq,
  "pg-boss": pgBoss,
  "graphile-worker": graphileWorker,
};

export function peerNamed(name: string | undefined): Peer {
  const peer = peers[name ?? ""];
  if (!peer) throw new Error(`There is no peer "${name}"; there are: ${Object.keys(peers).join(", ")}.`);
  return peer;
}
