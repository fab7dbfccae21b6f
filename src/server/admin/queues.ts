import { z } from "zod";
import { workersFor } from "../../autoscale/demand.ts";
import { deliveryRecords } from "../../database/webhook-deliveries.ts";
import type { Engine } from "../../engine/engine.ts";
import { stepsOf } from "../../engine/fetch-step.ts";
import { knownQueues } from "../../engine/known-queues.ts";
import { queueName } from "../../engine/plan.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { QueueRecord } from "../../ports/store/operations.ts";
import { documented, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";

const queue = z.object({
  name: z.string(),
  ready: z.int().describe("Tasks that are ready to run and not yet claimed."),
  running: z.int(),
  scheduled: z.int().describe("Delayed starts and retries that are not due yet."),
  dead: z.int(),
  drainRate: z.number().describe("Tasks that ended per second, over the last minute."),
  oldestSeconds: z.number().nullable().describe("Seconds that the oldest ready task has waited."),
  paused: z.boolean(),
  workers: z.int(),
  concurrency: z.int().describe("Number of tasks of this queue that all workers together run concurrently."),
  drainSeconds: z
    .number()
    .nullable()
    .describe("Seconds until the ready tasks are done at the current rate. `null` while nothing ends."),
});

const scaled = queue.omit({ dead: true, concurrency: true, drainSeconds: true }).extend({
  value: z
    .int()
    .describe("Tasks that need a worker now: ready and running ones, or only running ones while paused."),
});

const wanted = z
  .int()
  .describe(
    "Number of workers needed to start tasks within the target wait. Not limited by the configured range.",
  );

const byName = z.object({ name: z.string() });
const byStep = z.object({ pipeline: z.string(), step: z.string() });

export function queueRoutes(app: App, { engine, targetWaitSeconds }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/queues",
    schema: {
      operationId: "queues",
      summary: "List queues",
      tags: ["Operations"],
      ...documented({ 200: pageOf(queue) }, ["forbidden"]),
    },
    handler: async () => ({ items: await queueViews(engine), nextCursor: null }),
  });

  for (const action of ["pause", "resume"] as const) {
    app.route({
      method: "POST",
      url: `/v1/admin/queues/:name/${action}`,
      schema: {
        operationId: `${action}Queue`,
        summary: action === "pause" ? "Pause a queue" : "Resume a queue",
        description: "You can write the slash in the name as `/` or `%2F`.",
        tags: ["Operations"],
        params: byName,
        ...documented({ 200: queue }, ["forbidden", "not_found"]),
      },
      handler: async (request) => setPaused(request.params.name, action === "pause"),
    });
    app.route({
      method: "POST",
      url: `/v1/admin/queues/:pipeline/:step/${action}`,
      schema: { hide: true, params: byStep },
      handler: async (request) =>
        setPaused(`${request.params.pipeline}/${request.params.step}`, action === "pause"),
    });
  }

  app.route({
    method: "GET",
    url: "/v1/admin/scale",
    schema: {
      operationId: "scale",
      summary: "Retrieve queue depths for an autoscaler",
      description:
        "For KEDA's metrics-api scaler. `valueLocation: workers` with a `targetValue` of 1 follows demand the way `millrace autoscale` does. `?queue=image.convert/convert` with `valueLocation: value` counts the tasks of one queue. Without `queue`, both values cover all queues.",
      tags: ["Operations"],
      querystring: z.object({ queue: z.string().optional() }),
      ...documented({ 200: z.object({ value: z.int(), workers: wanted, queues: z.array(scaled) }) }, [
        "forbidden",
        "not_found",
      ]),
    },
    async handler(request) {
      const wanted = request.query.queue;
      const chosen = wanted === undefined ? await queues() : [await queueNamed(wanted)];
      const figures = chosen.map((record) => {
        const { dead: _, oldestMs, ...rest } = record;
        return {
          ...rest,
          oldestSeconds: secondsOf(oldestMs),
          value: record.running + (record.paused ? 0 : record.ready),
        };
      });
      const value = figures.reduce((sum, one) => sum + one.value, 0);
      const workers = workersFor(chosen, await slots(), targetWaitSeconds);
      // Workers also send webhook deliveries.
      const isDue = wanted === undefined && (await deliveries.isAnyDue(engine.store.now()));
      return { value, workers: Math.max(workers, isDue ? 1 : 0), queues: figures };
    },
  });

  const deliveries = deliveryRecords(engine.database);

  /** Concurrency of each queue, from its running workers, or else from its pipeline. */
  async function slots(): Promise<Map<string, number>> {
    const atOnce = new Map(
      engine.pipelines
        .versions()
        .flatMap((pipeline) =>
          stepsOf(pipeline).map((step) => [queueName(pipeline, step), step.concurrency]),
        ),
    );
    for (const worker of await engine.store.workers()) {
      if (worker.stopped) continue;
      for (const [queue, tasks] of Object.entries(worker.queues)) atOnce.set(queue, tasks);
    }
    return atOnce;
  }

  function queues(): Promise<QueueRecord[]> {
    return knownQueues(engine);
  }

  async function queueNamed(name: string): Promise<QueueRecord> {
    const found = (await queues()).find((record) => record.name === name);
    if (!found) throw new MillraceError("not_found", "There is no such queue.");
    return found;
  }

  async function setPaused(name: string, paused: boolean) {
    await queueNamed(name);
    await engine.setPaused(name, paused);
    return (await queueViews(engine)).find((one) => one.name === name)!;
  }
}

export type QueueView = z.output<typeof queue>;

export async function queueViews(engine: Pick<Engine, "store" | "pipelines">): Promise<QueueView[]> {
  const [records, workers] = await Promise.all([knownQueues(engine), engine.store.workers()]);
  const present = workers.filter((worker) => !worker.stopped && !worker.draining);
  return records.map(({ oldestMs, ...record }) => ({
    ...record,
    oldestSeconds: secondsOf(oldestMs),
    concurrency: present.reduce((sum, worker) => sum + (worker.queues[record.name] ?? 0), 0),
    drainSeconds: record.ready === 0 ? 0 : record.drainRate > 0 ? record.ready / record.drainRate : null,
  }));
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : ms / 1_000;
}
