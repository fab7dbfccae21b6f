import { z } from "zod";
import { knownQueues } from "../../engine/known-queues.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { QueueRecord } from "../../ports/store/operations.ts";
import { documented, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";

const queue = z.object({
  name: z.string(),
  ready: z.int().describe("Handed out or waiting, not yet claimed."),
  running: z.int(),
  scheduled: z.int().describe("Waiting for their time: delayed starts and retries."),
  dead: z.int(),
  drainRate: z.number().describe("Tasks that ended, a second, over the last minute."),
  oldestSeconds: z.number().nullable().describe("How long the oldest ready task has waited."),
  paused: z.boolean(),
  workers: z.int(),
});

const scaled = queue.omit({ dead: true }).extend({
  value: z.int().describe("Tasks that want a worker now: ready and running; only running while paused."),
});

const byName = z.object({ name: z.string() });
const byStep = z.object({ pipeline: z.string(), step: z.string() });

export function queueRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/queues",
    schema: {
      operationId: "queues",
      summary: "The queues: one for each step of a pipeline",
      tags: ["Operations"],
      ...documented({ 200: pageOf(queue) }, ["forbidden"]),
    },
    handler: async () => ({ items: (await queues()).map(view), nextCursor: null }),
  });

  for (const action of ["pause", "resume"] as const) {
    app.route({
      method: "POST",
      url: `/v1/admin/queues/:name/${action}`,
      schema: {
        operationId: `${action}Queue`,
        summary: action === "pause" ? "Hand out no more tasks of a queue" : "Hand out its tasks again",
        description: "The name's slash may be written as it is, or as `%2F`.",
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
      summary: "Depth figures for an autoscaler",
      description:
        "For KEDA's metrics-api scaler: `?queue=image.convert/convert` with `valueLocation: value`; without a queue, `value` is the sum.",
      tags: ["Operations"],
      querystring: z.object({ queue: z.string().optional() }),
      ...documented({ 200: z.object({ value: z.int(), queues: z.array(scaled) }) }, [
        "forbidden",
        "not_found",
      ]),
    },
    async handler(request) {
      const wanted = request.query.queue;
      const chosen = wanted === undefined ? await queues() : [await queueNamed(wanted)];
      const figures = chosen.map((record) => {
        const { dead: _, ...rest } = view(record);
        return { ...rest, value: record.running + (record.paused ? 0 : record.ready) };
      });
      return { value: figures.reduce((sum, one) => sum + one.value, 0), queues: figures };
    },
  });

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
    return view(await queueNamed(name));
  }
}

function view({ oldestMs, ...record }: QueueRecord) {
  return { ...record, oldestSeconds: oldestMs === null ? null : oldestMs / 1_000 };
}
