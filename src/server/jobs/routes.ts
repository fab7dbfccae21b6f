import { z } from "zod";
import { jobView } from "../../domain/job-views.ts";
import { JOB_ITEM, type JobRecord } from "../../domain/records.ts";
import { jobStates } from "../../domain/states.ts";
import { FIRST_ITEMS } from "../../domain/views.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { documented, job, jobParams, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { awaitEnd } from "./await-end.ts";

/** The jobs that are there. */
export function jobRoutes(app: App, context: ServerContext): void {
  const views = jobViews(context);
  listRoute(app, context, views);
  jobRoute(app, context, views);
  changeRoutes(app, context, views);
}

const states = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(z.enum(jobStates)).max(jobStates.length));

function listRoute(app: App, { engine: { store } }: ServerContext, { unservedNames }: JobViews): void {
  app.route({
    method: "GET",
    url: "/v1/jobs",
    schema: {
      operationId: "jobs",
      summary: "Your jobs, newest first",
      tags: ["Jobs"],
      querystring: z.object({
        state: states.optional().describe("One or several, separated by commas."),
        pipeline: z.string().max(100).optional(),
        limit: limitParam(100, 20),
        cursor: z.string().max(200).optional().describe("`nextCursor` of the page before."),
      }),
      ...documented({ 200: pageOf(job) }, []),
    },
    async handler(request) {
      const { state, pipeline, limit, cursor } = request.query;
      const query = { owner: request.principal.owner, states: state, pipeline };
      const page = await store.jobs({ ...query, limit, cursor });
      const last = page.at(-1)?.id;
      const more = last !== undefined && (await store.jobs({ ...query, limit: 1, cursor: last })).length > 0;
      const unserved = await unservedNames(page);
      return { items: page.map((record) => jobView(record, [], unserved)), nextCursor: more ? last : null };
    },
  });
}

function jobRoute(app: App, { engine: { store }, hub }: ServerContext, { found }: JobViews): void {
  app.route({
    method: "GET",
    url: "/v1/jobs/:id",
    schema: {
      operationId: "job",
      summary: "A job",
      tags: ["Jobs"],
      params: jobParams,
      querystring: z.object({
        wait: z.coerce
          .number()
          .min(0)
          .max(60)
          .default(0)
          .describe("Seconds to wait for its end, at most 60."),
      }),
      ...documented({ 200: job }, ["not_found"]),
    },
    async handler(request, reply) {
      const asked = { owner: request.principal.owner, id: request.params.id };
      return found(await awaitEnd({ hub, store }, asked, request.query.wait * 1_000, reply.raw));
    },
  });
}

function changeRoutes(app: App, { engine }: ServerContext, { found }: JobViews): void {
  const { store } = engine;

  app.route({
    method: "POST",
    url: "/v1/jobs/:id/cancel",
    schema: {
      operationId: "cancelJob",
      summary: "Stop what has not ended",
      tags: ["Jobs"],
      params: jobParams,
      ...documented({ 200: job }, ["not_found", "job_ended"]),
    },
    async handler(request) {
      const asked = { owner: request.principal.owner, id: request.params.id };
      await engine.cancelJob(asked.owner, asked.id);
      return found(await store.job(asked));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/jobs/:id/retry",
    schema: {
      operationId: "retryJob",
      summary: "Run the failed items again",
      tags: ["Jobs"],
      params: jobParams,
      ...documented({ 202: job }, [
        "not_found",
        "job_not_retryable",
        "job_not_ended",
        "gone",
        "quota_exceeded",
      ]),
    },
    async handler(request, reply) {
      const asked = { owner: request.principal.owner, id: request.params.id };
      await engine.retryJob(asked.owner, asked.id);
      reply.code(202);
      return found(await store.job(asked));
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/jobs/:id",
    schema: {
      operationId: "removeJob",
      summary: "Forget the job and its files",
      description: "A job that has not ended is cancelled first.",
      tags: ["Jobs"],
      params: jobParams,
      ...documented({ 204: z.null().describe("Forgotten") }, ["not_found"]),
    },
    async handler(request, reply) {
      await engine.removeJob(request.principal.owner, request.params.id);
      return reply.code(204).send(null);
    },
  });
}

type JobViews = ReturnType<typeof jobViews>;

/** Jobs as answers show them. */
function jobViews({ engine: { store }, unserved }: ServerContext) {
  return { found, unservedNames };

  async function found(record: JobRecord | null) {
    if (!record) throw new MillraceError("not_found", "There is no such job.");
    const [items, names] = await Promise.all([
      // The job's own task comes before those of its items.
      store.items({ jobId: record.id, after: JOB_ITEM - 1, limit: FIRST_ITEMS + 1 }),
      unservedNames([record]),
    ]);
    return jobView(record, items, names);
  }

  /** Of no interest to jobs that have ended, as most that are asked for have. */
  async function unservedNames(records: readonly JobRecord[]): Promise<ReadonlySet<string>> {
    if (records.every((record) => record.finishedAt !== null)) return new Set();
    return new Set((await unserved.queues()).map(({ name }) => name));
  }
}
