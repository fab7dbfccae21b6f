import { z } from "zod";
import { timeOfId } from "../../domain/ids.ts";
import type { JobSearch } from "../../domain/job-search.ts";
import { jobView } from "../../domain/job-views.ts";
import { JOB_ITEM, type JobRecord } from "../../domain/records.ts";
import { jobStates } from "../../domain/states.ts";
import { FIRST_ITEMS } from "../../domain/views.ts";
import { firstItemNames } from "../../engine/first-items.ts";
import { operationsOf } from "../../engine/operations/operations.ts";
import { searchJobs } from "../../engine/search-jobs.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import type { Store } from "../../ports/store/store.ts";
import { job as clientJob, documented, jobParams, limitParam } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { maybeTime, operatorFailure, operatorJob, operatorJobView, time } from "./views.ts";

const tags = ["Operations"];
const text = z.string().min(1).max(200);
const states = z
  .string()
  .transform((list) => list.split(","))
  .pipe(z.array(z.enum(jobStates)).max(jobStates.length));
const moment = z.iso.datetime({ offset: true }).transform((at) => Date.parse(at));

/** Query parameters of the job search. */
export const jobFilter = {
  q: text
    .optional()
    .describe("Searches metadata, error texts and item names. Also accepts the id of a job, task or file."),
  owner: text.optional(),
  pipeline: text.optional(),
  state: states.optional().describe("One or more states, separated by commas."),
  from: moment.optional().describe("Jobs created at or after this time."),
  to: moment.optional().describe("Jobs created before this time."),
  code: text.optional().describe("Error code of the job or of one of its dead letters."),
  error: text.optional().describe("Matches the text of the job's error or of a dead letter's error."),
  file: text.optional().describe("Matches the name of one of the first 1,000 items."),
  metadata: z
    .string()
    .max(600)
    .regex(/^[^=]+=/, "must read key=value")
    .optional()
    .describe("A metadata pair, as `key=value`."),
};

type Filter = z.output<z.ZodObject<typeof jobFilter>>;

export function searchOf({ q, state, metadata, ...same }: Filter): JobSearch {
  const at = metadata?.indexOf("=") ?? 0;
  const pair = metadata && { key: metadata.slice(0, at), value: metadata.slice(at + 1) };
  return { ...same, text: q?.trim() || undefined, states: state, metadata: pair || undefined };
}

const page = z.object({
  items: z.array(operatorJob),
  nextCursor: z.string().nullable(),
  cut: z
    .boolean()
    .describe("Whether the search ran out of time before the page was full. Continue with `nextCursor`."),
  searchedBackTo: maybeTime.describe(
    "Creation time of the last job that was searched. `null` if all jobs were searched.",
  ),
});

/** Jobs of all owners. */
export function operatorJobRoutes(app: App, context: ServerContext): void {
  listRoute(app, context);
  jobRoute(app, context);
  changeRoutes(app, context);
}

function listRoute(app: App, { engine: { store } }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/jobs",
    schema: {
      operationId: "operatorJobs",
      summary: "Search the jobs of all users, newest first",
      description:
        "Jobs must match every filter. Searches ignore case. A search responds within about 300 ms with what it has found so far.",
      tags,
      querystring: z.object({
        ...jobFilter,
        limit: limitParam(100, 20),
        cursor: z.string().max(200).optional().describe("`nextCursor` of the previous page."),
      }),
      ...documented({ 200: page }, ["forbidden"]),
    },
    async handler(request) {
      const { limit, cursor, ...filter } = request.query;
      const { jobs, next, isCut } = await searchJobs(store, searchOf(filter), { limit, cursor });
      const names = await firstItemNames(store, jobs);
      return {
        items: jobs.map((job, n) => operatorJobView(job, names[n]!)),
        nextCursor: next,
        cut: isCut,
        searchedBackTo: next === null ? null : new Date(timeOfId(next)).toISOString(),
      };
    },
  });
}

const operatorsJob = clientJob.extend({
  owner: z.string(),
  failure: operatorFailure.nullable().describe("The job's error, with details for operators."),
  replays: z
    .array(z.object({ jobId: z.string(), fromJobId: z.string(), operationId: z.string(), at: time }))
    .describe("The job that this one replays with other options, and the jobs that replay this one."),
});

function jobRoute(app: App, { engine }: ServerContext): void {
  const { store, archiveDownloads } = engine;
  const { replaysOf } = operationsOf(engine);

  app.route({
    method: "GET",
    url: "/v1/admin/jobs/:id",
    schema: {
      operationId: "operatorJob",
      summary: "Retrieve a job of any user",
      tags,
      params: jobParams,
      ...documented({ 200: operatorsJob }, ["forbidden", "not_found"]),
    },
    async handler(request) {
      const job = await jobOfAnyone(store, request.params.id);
      const [tasks, downloads] = await Promise.all([
        store.items({ jobId: job.id, after: JOB_ITEM - 1, limit: FIRST_ITEMS + 1 }),
        archiveDownloads.lastOf([job]),
      ]);
      const replays = (await replaysOf(job.id)).map((one) => ({
        jobId: one.job_id,
        fromJobId: one.from_job_id,
        operationId: one.operation_id,
        at: new Date(one.at).toISOString(),
      }));
      const view = jobView(job, tasks, { downloadedAt: downloads.get(job.id) });
      return { ...view, owner: job.owner, failure: job.error, replays };
    },
  });
}

function changeRoutes(app: App, { engine }: ServerContext): void {
  const { store } = engine;
  const answer = z.object({ id: z.string(), state: z.enum(jobStates) });

  app.route({
    method: "POST",
    url: "/v1/admin/jobs/:id/cancel",
    schema: {
      operationId: "cancelJobOfUser",
      summary: "Cancel a user's job",
      tags,
      params: jobParams,
      ...documented({ 200: answer }, ["forbidden", "not_found", "job_ended"]),
    },
    async handler({ params: { id } }) {
      await engine.cancelJob((await jobOfAnyone(store, id)).owner, id);
      return { id, state: (await jobOfAnyone(store, id)).state };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/admin/jobs/:id/retry",
    schema: {
      operationId: "retryJobOfUser",
      summary: "Retry the failed items of a user's job",
      tags,
      params: jobParams,
      ...documented({ 202: answer.extend({ items: z.int() }) }, [
        "forbidden",
        "not_found",
        "job_not_retryable",
        "gone",
      ]),
    },
    async handler({ params: { id } }, reply) {
      const { items } = await engine.retryJob((await jobOfAnyone(store, id)).owner, id);
      reply.code(202);
      return { id, state: (await jobOfAnyone(store, id)).state, items };
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/admin/jobs/:id",
    schema: {
      operationId: "removeJobOfUser",
      summary: "Delete a user's job and its files",
      tags,
      params: jobParams,
      ...documented({ 204: z.null().describe("Deleted") }, ["forbidden", "not_found"]),
    },
    async handler({ params: { id } }, reply) {
      await engine.removeJob((await jobOfAnyone(store, id)).owner, id);
      return reply.code(204).send(null);
    },
  });
}

export async function jobOfAnyone(store: Pick<Store, "job">, id: string): Promise<JobRecord> {
  const job = await store.job({ owner: null, id });
  if (!job) throw new MillraceError("not_found", "There is no such job.");
  return job;
}
