import type { ReplicaView } from "../../../src/client/index.ts";

export type ReplicaMap = ReplicaView["maps"][number];

/** Seconds without confirmation after which a copy may be out of date. */
const staleSeconds = 30;

export function isStale({ ageSeconds, behind }: Pick<ReplicaMap, "ageSeconds" | "behind">): boolean {
  return ageSeconds === null || ageSeconds > staleSeconds || behind > 0;
}
