import { z } from "zod";
import { taskId } from "../../domain/ids.ts";
import { partAt } from "../../domain/parts.ts";
import { JOB_ITEM } from "../../domain/records.ts";
import type { App } from "../../http/app.ts";
import { documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { replayMany } from "./replay-many.ts";

/** An error with what only operators read. */
export const operatorFailure = z.object({
  code: z.string(),
  message: z.string(),
  detail: z
    .string()
    .optional()
    .describe("The whole of an exception that the step did not declare, with its stack trace."),
});

const deadLetter = z.object({
  taskId: z.string(),
  jobId: z.string(),
  owner: z.string(),
  pipeline: z.string(),
  step: z.string(),
  queue: z.string(),
  index: z.int().nullable().describe("Of the item; `null` for a step of the whole job."),
  part: z.int().nullable().describe("Of the part, where the item was split."),
  name: z.string(),
  attempt: z.int(),
  deaths: z.int().describe("Processes that died while they ran it and nothing else."),
  error: operatorFailure.nullable(),
  finishedAt: z.iso.datetime().nullable(),
});

const filter = {
  queue: z.string().max(200).optional(),
  pipeline: z.string().max(100).optional(),
  code: z.string().max(100).optional().describe("The error's code."),
  jobId: z.string().max(100).optional(),
};

export function deadLetterRoutes(app: App, { engine }: ServerContext): void {
  app.route({
    method: "GET",
    url: "/v1/admin/dead-letters",
    schema: {
      operationId: "deadLetters",
      summary: "Tasks whose attempts are spent, or that failed for good",
      tags: ["Operations"],
      querystring: z.object({
        ...filter,
        limit: limitParam(100, 20),
        cursor: z.string().max(200).optional(),
      }),
      ...documented({ 200: pageOf(deadLetter) }, ["forbidden"]),
    },
    async handler(request) {
      const { limit, ...rest } = request.query;
      const page = await engine.store.deadLetters({ ...rest, limit });
      const items = page.map((task) => ({
        taskId: taskId(task.jobId, task.item),
        jobId: task.jobId,
        owner: task.owner,
        pipeline: task.pipeline,
        step: task.stepName,
        queue: task.queue,
        index: partAt(task.item)?.item ?? (task.item === JOB_ITEM ? null : task.item),
        part: partAt(task.item)?.part ?? null,
        name: task.name,
        attempt: task.attempt,
        deaths: task.deaths,
        error: task.error,
        finishedAt: task.finishedAt === null ? null : new Date(task.finishedAt).toISOString(),
      }));
      const cursor = items.at(-1)?.taskId;
      const more =
        cursor !== undefined && (await engine.store.deadLetters({ ...rest, limit: 1, cursor })).length > 0;
      return { items, nextCursor: more ? cursor : null };
    },
  });

  app.route({
    method: "POST",
    url: "/v1/admin/dead-letters/:taskId/replay",
    schema: {
      operationId: "replayDeadLetter",
      summary: "Run one again",
      tags: ["Operations"],
      params: z.object({ taskId: z.string() }),
      ...documented({ 202: z.object({ taskId: z.string() }) }, [
        "forbidden",
        "not_found",
        "job_not_retryable",
        "gone",
      ]),
    },
    async handler(request, reply) {
      await engine.replay(request.params.taskId);
      return reply.code(202).send({ taskId: request.params.taskId });
    },
  });

  app.route({
    method: "POST",
    url: "/v1/admin/dead-letters/replay",
    schema: {
      operationId: "replayDeadLetters",
      summary: "Run many again",
      description: "At a steady rate, newest first; stops when replayed tasks die of the same error again.",
      tags: ["Operations"],
      body: z.strictObject({
        ...filter,
        limit: z.int().min(1).max(1_000).default(100).describe("At most so many."),
        perSecond: z.number().min(1).max(100).default(20),
      }),
      ...documented({ 200: replayed }, ["forbidden"]),
    },
    async handler(request, reply) {
      const { limit, perSecond, ...rest } = request.body;
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      return replayMany(engine, rest, { limit, perSecond, signal: gone.signal });
    },
  });
}

const replayed = z.object({
  matched: z.int(),
  replayed: z.int(),
  skipped: z.int().describe("Could not be replayed: cancelled, expired or replayed by somebody else."),
  stoppedBy: z
    .string()
    .nullable()
    .describe("The code of the error that came back; `null` when all were replayed."),
});
