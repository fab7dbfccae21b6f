import { z } from "zod";
import type { App } from "../../http/app.ts";
import { documented, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";

const worker = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.int(),
  queues: z.array(z.string()),
  concurrency: z.int().describe("Tasks at once."),
  running: z.int(),
  startedAt: z.iso.datetime(),
  seenAt: z.iso.datetime().describe("Its last heartbeat."),
});

export function workerRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/workers",
    schema: {
      operationId: "workers",
      summary: "The worker processes",
      tags: ["Operations"],
      ...documented({ 200: pageOf(worker) }, ["forbidden"]),
    },
    async handler() {
      const workers = await engine.store.workers();
      const items = workers
        .filter((record) => !record.stopped)
        .map(({ id, host, pid, queues, running, startedAt, seenAt }) => ({
          id,
          host,
          pid,
          queues: Object.keys(queues),
          concurrency: Object.values(queues).reduce((sum, one) => sum + one, 0),
          running,
          startedAt: new Date(startedAt).toISOString(),
          seenAt: new Date(seenAt).toISOString(),
        }));
      return { items, nextCursor: null };
    },
  });
}
