import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { App } from "../http/app.ts";
import type { Access } from "../replica/access.ts";
import { documented } from "./api-schemas.ts";
import type { ServerContext } from "./context.ts";

const CHECK_MS = 2_000;

const check = z.object({
  ok: z.boolean(),
  name: z.string().describe("The technology in use, such as `sqlite` or `postgres`."),
});
const replicaCheck = check.extend({
  stale: z
    .boolean()
    .describe(
      "Whether the in-memory data may be out of date. If so, requests read the store or use the last known state.",
    ),
  processes: z.int().describe("Number of processes that hold replicas."),
  maps: z.array(
    z.object({
      name: z.string(),
      version: z.int(),
      entries: z.int(),
      ageSeconds: z
        .number()
        .nullable()
        .describe("Seconds since the data was last confirmed to be complete. `null` if never."),
    }),
  ),
});
const readiness = z.object({
  ready: z.boolean(),
  checks: z.object({
    store: check,
    broker: check,
    blobs: check,
    bus: check,
    replica: replicaCheck.optional(),
  }),
  unserved: z
    .array(z.object({ queue: z.string(), waiting: z.int() }))
    .describe(
      "Queues whose tasks wait because no worker has that version of the pipeline. Always empty if accounts are on. Admins see these queues in the metrics and the console.",
    ),
});

export function healthRoutes(app: App, { engine, unserved, access, accounts, logger }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/healthz",
    schema: {
      operationId: "alive",
      summary: "Check liveness",
      tags: ["Operations"],
      ...documented({ 200: z.object({ status: z.literal("ok") }) }, []),
    },
    handler: async () => ({ status: "ok" as const }),
  });

  app.route({
    method: "GET",
    url: "/readyz",
    schema: {
      operationId: "ready",
      summary: "Check readiness, and see what is unavailable",
      tags: ["Operations"],
      ...documented({ 200: readiness, 503: readiness }, []),
    },
    async handler(_, reply) {
      const parts = ["store", "broker", "blobs", "bus"] as const;
      const results = await Promise.all(parts.map((part) => probe(part, engine[part])));
      const replica = access ? { replica: replicaState(access) } : {};
      const ready = results.every((result) => result.ok) && (replica.replica?.ok ?? true);
      const [store, broker, blobs, bus] = results as [Probe, Probe, Probe, Probe];
      return reply.code(ready ? 200 : 503).send({
        ready,
        checks: { store, broker, blobs, bus, ...replica },
        // With accounts, anonymous callers must not see which queues exist.
        unserved:
          store.ok && !accounts
            ? (await unserved.queues()).map(({ name: queue, waiting }) => ({ queue, waiting }))
            : [],
      });
    },
  });

  async function probe(part: string, target: { name: string; health(): Promise<void> }): Promise<Probe> {
    const late = new AbortController();
    try {
      await Promise.race([
        target.health(),
        sleep(CHECK_MS, undefined, { signal: late.signal, ref: false }).then(() => {
          throw new Error(`no answer within ${CHECK_MS} ms`);
        }),
      ]);
      return { ok: true, name: target.name };
    } catch (error) {
      // The cause may name hosts and folders, so it only goes to the log.
      logger.warn({ err: error, part }, "not ready");
      return { ok: false, name: target.name };
    } finally {
      late.abort();
    }
  }
}

type Probe = z.output<typeof check>;

/** Whether the maps are loaded. While the store is down they may be stale, which the `store` check reports too. */
export function replicaState(access: Access): z.output<typeof replicaCheck> {
  const { maps, isStale, processes } = access.state();
  return {
    ok: maps.every((map) => map.ageMs !== null) && !isStale,
    name: "replica",
    stale: isStale,
    processes,
    maps: maps.map(({ name, version, entries, ageMs }) => ({
      ...{ name, version, entries },
      ageSeconds: ageMs === null ? null : Math.round(ageMs) / 1_000,
    })),
  };
}
