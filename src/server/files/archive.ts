import { z } from "zod";
import { contentDisposition } from "../../domain/content-disposition.ts";
import { JOB_ITEM, type TaskRecord } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Store } from "../../ports/store/store.ts";
import { documented, jobParams } from "../api-schemas.ts";
import type { App, ServerContext } from "../context.ts";
import { planArchive } from "./archive-plan.ts";
import { writeZip } from "./zip-writer.ts";

const PAGE = 1_000;

export function archiveRoutes(app: App, { engine, ownerOf, logger }: ServerContext): void {
  const { store, blobs, pipelines } = engine;

  app.route({
    method: ["GET", "HEAD"],
    url: "/v1/jobs/:id/archive",
    schema: {
      operationId: "jobArchive",
      summary: "A job's results, as a ZIP",
      description: "When the job has ended. `manifest.json` says how each file was made.",
      tags: ["Files"],
      params: jobParams,
      ...documented({ 200: zip }, ["not_found", "job_not_ended", "gone"]),
    },
    async handler(request, reply) {
      const job = await store.job({ owner: ownerOf(request), id: request.params.id });
      if (!job) throw new MillraceError("not_found", "There is no such job.");
      if (job.state === "expired")
        throw new MillraceError("gone", "The job's files are past their retention.");
      if (job.finishedAt === null) {
        throw new MillraceError(
          "job_not_ended",
          `The job is ${job.state}; its archive is there when it has ended.`,
          {
            retryAfter: 1,
            extra: { state: job.state },
          },
        );
      }
      reply
        .header("content-type", "application/zip")
        .header("cache-control", "private, no-store")
        .header("content-disposition", contentDisposition(`${job.pipeline}-${job.id}.zip`));
      if (request.method === "HEAD") return reply.send();
      const plan = planArchive(job, await allTasks(store, job.id), pipelines.get(job.pipeline));
      return reply.send(writeZip(blobs, plan, new Date(job.finishedAt), logger));
    },
  });
}

const zip = {
  description: "The archive",
  content: { "application/zip": { schema: z.string().meta({ format: "binary" }) } },
};

/** With that of the job itself, whose outputs are results too. */
async function allTasks(store: Pick<Store, "items">, jobId: string): Promise<TaskRecord[]> {
  const tasks: TaskRecord[] = [];
  for (;;) {
    const page = await store.items({ jobId, after: tasks.at(-1)?.item ?? JOB_ITEM - 1, limit: PAGE });
    tasks.push(...page);
    if (page.length < PAGE) return tasks;
  }
}
