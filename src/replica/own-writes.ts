import { AsyncLocalStorage } from "node:async_hooks";

/** The versions that changes got. A client sends `header` back to read its own writes. */
export interface Written {
  versions: ReadonlyMap<string, number>;
  /** `users=12,revoked=4`; empty if nothing was written. */
  header: string;
}

/** The versions written by one request, by map. */
export type OwnWrites = Map<string, number>;

const present = new AsyncLocalStorage<OwnWrites>();

/** Runs `work`, and collects into `writes` the versions of maps written in it or in what it awaits. */
export function collectWrites<T>(writes: OwnWrites, work: () => T): T {
  return present.run(writes, work);
}

/** Called after each commit that changed maps. */
export function noteWrites(versions: ReadonlyMap<string, number>): void {
  const writes = present.getStore();
  if (!writes) return;
  for (const [map, version] of versions) writes.set(map, Math.max(version, writes.get(map) ?? 0));
}

export function writtenOf(versions: ReadonlyMap<string, number>): Written {
  return { versions, header: [...versions].map(([map, version]) => `${map}=${version}`).join(",") };
}
