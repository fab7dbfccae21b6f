import { z } from "zod";
import { drainRecords } from "../../database/worker-drains.ts";
import { parseTaskId } from "../../domain/ids.ts";
import type { Engine } from "../../engine/engine.ts";
import { topics } from "../../engine/messages/topics.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { WorkerRecord } from "../../ports/store/tasks.ts";
import { component, documented, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { count, time } from "./views.ts";

export const worker = component(
  "Worker",
  z.object({
    id: z.string(),
    host: z.string(),
    pid: z.int(),
    version: z
      .string()
      .nullable()
      .describe("Millrace version. `null` if the worker is too old to report it."),
    pipelines: z.array(z.string()),
    queues: z.array(z.string()),
    concurrency: count.describe("Maximum number of concurrent tasks over all queues."),
    running: count,
    tasks: z
      .array(
        z.object({
          taskId: z.string(),
          jobId: z.string(),
          since: time.describe("When the worker took it."),
          seconds: z.number(),
        }),
      )
      .describe("The tasks it was running at its last heartbeat, oldest first, at most 50."),
    memoryBytes: count
      .nullable()
      .describe(
        "Memory of the worker's process, without the processes of isolated steps. `null` if unknown.",
      ),
    state: z
      .enum(["running", "draining"])
      .describe("`draining`: the worker finishes its running tasks and exits."),
    startedAt: time,
    seenAt: time.describe("Its last heartbeat."),
  }),
);

export type WorkerView = z.output<typeof worker>;

export function workerRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/workers",
    schema: {
      operationId: "workers",
      summary: "List workers",
      tags: ["Operations"],
      ...documented({ 200: pageOf(worker) }, ["forbidden"]),
    },
    handler: async () => ({ items: await workerViews(engine), nextCursor: null }),
  });

  app.route({
    method: "POST",
    url: "/v1/admin/workers/:id/drain",
    schema: {
      operationId: "drainWorker",
      summary: "Drain a worker",
      description:
        "The worker stops taking tasks within a few seconds, finishes the ones it is running, and exits. Tasks that have not finished after 30 s are handed back without using up an attempt. A supervisor starts another worker in its place.",
      tags: ["Operations"],
      params: z.object({ id: z.string().min(1).max(300) }),
      ...documented({ 202: worker }, ["forbidden", "not_found"]),
    },
    async handler({ params: { id } }, reply) {
      const found = (await workerViews(engine)).find((one) => one.id === id);
      if (!found) throw new MillraceError("not_found", "There is no such worker. It may have exited.");
      await drainRecords(engine.database).ask(id, engine.store.now());
      engine.bus.publish(topics.drain, id).catch(() => {});
      return reply.code(202).send({ ...found, state: "draining" as const });
    },
  });
}

export async function workerViews({
  store,
  database,
}: Pick<Engine, "store" | "database">): Promise<WorkerView[]> {
  const [records, asked] = await Promise.all([store.workers(), drainRecords(database).asked()]);
  const now = store.now();
  return records
    .filter((record) => !record.stopped)
    .map((record) => view(record, now, record.draining === true || asked.has(record.id)));
}

function view(record: WorkerRecord, now: number, isDraining: boolean): WorkerView {
  const queues = Object.keys(record.queues);
  return {
    id: record.id,
    host: record.host,
    pid: record.pid,
    version: record.version ?? null,
    pipelines: [...new Set(queues.map((name) => name.slice(0, name.lastIndexOf("/"))))],
    queues,
    concurrency: Object.values(record.queues).reduce((sum, one) => sum + one, 0),
    running: record.running,
    tasks: (record.tasks ?? []).map(({ taskId, since }) => ({
      taskId,
      jobId: parseTaskId(taskId)?.jobId ?? "",
      since: new Date(since).toISOString(),
      seconds: Math.max(0, now - since) / 1_000,
    })),
    memoryBytes: record.memoryBytes ?? null,
    state: isDraining ? "draining" : "running",
    startedAt: new Date(record.startedAt).toISOString(),
    seenAt: new Date(record.seenAt).toISOString(),
  };
}
