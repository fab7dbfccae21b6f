import type { Store } from "../../ports/store/store.ts";
import type { Client } from "./client.ts";

const methods = [
  "createJob",
  "job",
  "jobs",
  "items",
  "parts",
  "cancelJob",
  "reopenJob",
  "removeJob",
  "artifact",
  "events",
  "logBounds",
  "logEnds",
  "expiring",
  "reserve",
  "release",
  "countCached",
  "knownKey",
  "claim",
  "settle",
  "renew",
  "sweep",
  "workerGone",
  "heartbeat",
  "memo",
  "remember",
  "pin",
  "keepPinned",
  "unpin",
  "collect",
  "forget",
  "known",
  "expire",
  "usage",
  "ownerUsage",
  "queues",
  "setPaused",
  "deadLetters",
  "deadPlaces",
  "deadGroups",
  "findJobs",
  "attempts",
  "workers",
  "counts",
] as const satisfies (keyof Store)[];

/** The records, through the writer: each method calls its namesake. */
export function sqliteStore(client: Client, options: { publishes: boolean }): Store {
  const calls = Object.fromEntries(
    methods.map((method) => [method, (argument?: unknown) => client.call(method, argument)]),
  ) as unknown as Pick<Store, (typeof methods)[number]>;
  return {
    ...calls,
    name: "sqlite",
    publishes: options.publishes,
    onAppended: null,
    now: () => client.now(),
    async health() {
      await client.call("health");
    },
    close: () => client.close(),
  };
}
