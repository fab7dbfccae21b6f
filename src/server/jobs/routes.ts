import { z } from "zod";
import { jobView } from "../../domain/job-views.ts";
import { JOB_ITEM, type JobRecord } from "../../domain/records.ts";
import { jobStates } from "../../domain/states.ts";
import { FIRST_ITEMS } from "../../domain/views.ts";
import { firstItemNames } from "../../engine/first-items.ts";
import { searchJobs } from "../../engine/search-jobs.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { JobQuery } from "../../ports/store/jobs.ts";
import type { Store } from "../../ports/store/store.ts";
import { documented, job, jobParams, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { awaitEnd } from "./await-end.ts";

/** Routes for existing jobs. */
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

function listRoute(app: App, { engine }: ServerContext, { unservedNames }: JobViews): void {
  const { store, archiveDownloads } = engine;

  app.route({
    method: "GET",
    url: "/v1/jobs",
    schema: {
      operationId: "jobs",
      summary: "List your jobs, newest first",
      tags: ["Jobs"],
      querystring: z.object({
        state: states.optional().describe("One or more states, separated by commas."),
        pipeline: z.string().max(100).optional(),
        q: z
          .string()
          .max(200)
          .optional()
          .describe(
            "In the name of one of the first 1,000 items, the metadata or the text of an error, whatever the case; or an id. A search answers within some 300 ms with what it has found: `nextCursor` goes on with it.",
          ),
        limit: limitParam(100, 20),
        cursor: z.string().max(200).optional().describe("`nextCursor` of the previous page."),
      }),
      ...documented({ 200: pageOf(job) }, []),
    },
    async handler(request) {
      const { state, pipeline, q = "", limit, cursor } = request.query;
      const query = { owner: request.principal.owner, states: state, pipeline };
      const text = q.trim();
      const { jobs, next } = await (text === ""
        ? listJobs(store, { ...query, limit, cursor })
        : searchJobs(store, { ...query, text }, { limit, cursor }));
      const [unserved, names, downloads] = await Promise.all([
        unservedNames(jobs),
        firstItemNames(store, jobs),
        archiveDownloads.lastOf(jobs),
      ]);
      const facts = (job: JobRecord, n: number) => ({
        ...{ unserved, firstItem: names[n], downloadedAt: downloads.get(job.id) },
      });
      return { items: jobs.map((job, n) => jobView(job, [], facts(job, n))), nextCursor: next };
    },
  });
}

async function listJobs(store: Pick<Store, "jobs">, query: JobQuery) {
  const jobs = await store.jobs(query);
  const last = jobs.at(-1)?.id;
  const more = last !== undefined && (await store.jobs({ ...query, limit: 1, cursor: last })).length > 0;
  return { jobs, next: more ? last : null };
}

function jobRoute(app: App, { engine: { store }, hub }: ServerContext, { found }: JobViews): void {
  app.route({
    method: "GET",
    url: "/v1/jobs/:id",
    schema: {
      operationId: "job",
      summary: "Retrieve a job",
      tags: ["Jobs"],
      params: jobParams,
      querystring: z.object({
        wait: z.coerce
          .number()
          .min(0)
          .max(60)
          .default(0)
          .describe("Waits up to this many seconds, at most 60, for the job to end."),
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
      summary: "Cancel a job",
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
      summary: "Retry a job's failed items",
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
      summary: "Delete a job and its files",
      description: "An unfinished job is canceled first.",
      tags: ["Jobs"],
      params: jobParams,
      ...documented({ 204: z.null().describe("Deleted") }, ["not_found"]),
    },
    async handler(request, reply) {
      await engine.removeJob(request.principal.owner, request.params.id);
      return reply.code(204).send(null);
    },
  });
}

type JobViews = ReturnType<typeof jobViews>;

/** Builds the job views that responses contain. */
function jobViews({ engine: { store, archiveDownloads }, unserved: watch }: ServerContext) {
  return { found, unservedNames };

  async function found(record: JobRecord | null) {
    if (!record) throw new MillraceError("not_found", "There is no such job.");
    const [items, unserved, downloads] = await Promise.all([
      // The job's own task comes before those of its items.
      store.items({ jobId: record.id, after: JOB_ITEM - 1, limit: FIRST_ITEMS + 1 }),
      unservedNames([record]),
      archiveDownloads.lastOf([record]),
    ]);
    return jobView(record, items, { unserved, downloadedAt: downloads.get(record.id) });
  }

  /** Skips the query if all jobs have ended, as most requested ones have. */
  async function unservedNames(records: readonly JobRecord[]): Promise<ReadonlySet<string>> {
    if (records.every((record) => record.finishedAt !== null)) return new Set();
    return new Set((await watch.queues()).map(({ name }) => name));
  }
}
