import type { FastifyReply } from "fastify";
import { z } from "zod";
import { jobView } from "../../domain/job-views.ts";
import type { App } from "../../http/app.ts";
import type { Created } from "../../ports/store/jobs.ts";
import { documented, job } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { idempotencyHeader, jobBody, jobForm } from "./job-fields.ts";
import { countFiles, readJobRequest, receivedFiles } from "./job-request.ts";

const body = {
  content: {
    "application/json": { schema: jobBody },
    "multipart/form-data": { schema: z.unknown().describe("").meta({ form: jobForm }) },
  },
};

const refusals = [
  ...(["not_found", "gone", "unknown_part", "address_refused", "invalid_options", "invalid_items"] as const),
  ...(["too_many_items", "too_many_files", "file_too_large", "request_too_large"] as const),
  ...(["unsupported_media", "queue_full", "quota_exceeded", "unavailable", "storage_full"] as const),
];

/** A request for a job, and what it would cost. */
export function creationRoutes(app: App, context: ServerContext): void {
  const { engine } = context;

  app.route({
    method: "POST",
    url: "/v1/jobs",
    bodyLimit: context.limits.itemsBytes,
    preValidation: (request) => countFiles(context, request.body),
    schema: {
      operationId: "createJob",
      summary: "Create a job",
      description:
        "Answers when the job cannot be lost any more. Files are sent in a form, or named as JSON.",
      tags: ["Jobs"],
      headers: idempotencyHeader,
      body,
      ...documented({ 202: job }, [...refusals, "idempotency_mismatch"]),
    },
    async handler(request, reply) {
      const { asked, admission } = await readJobRequest(context, request, reply, true);
      let created: Created | null = null;
      try {
        created = await engine.createJob(asked);
      } finally {
        await admission?.release(created?.created === true);
        if (!created?.created) await engine.discard(receivedFiles(asked));
      }
      reply.code(202).header("location", `/v1/jobs/${created.job.id}`);
      if (!created.created) reply.header("idempotency-replayed", "true");
      return json(reply, jobView(created.job, created.items));
    },
  });

  app.route({
    method: "POST",
    url: "/v1/jobs/quote",
    bodyLimit: context.limits.itemsBytes,
    preValidation: (request) => countFiles(context, request.body),
    schema: {
      operationId: "quoteJob",
      summary: "What a job would cost",
      description:
        "As creating the job, without running it: queue position, expected wait, cache hits, cost units.",
      tags: ["Jobs"],
      body,
      ...documented({ 200: quote }, refusals),
    },
    async handler(request, reply) {
      const { asked } = await readJobRequest(context, request, reply, false);
      const quoted = await engine.quote(asked).finally(() => engine.discard(receivedFiles(asked)));
      const { position, waitSeconds, cachedItems, items, costUnits } = quoted;
      return {
        position,
        waitSeconds,
        cached: items > 0 && cachedItems === items,
        cachedItems,
        items,
        costUnits,
      };
    },
  });
}

const quote = z.object({
  position: z.int().describe("Tasks that would run before this job's first."),
  waitSeconds: z
    .number()
    .nullable()
    .describe("Until its first task starts; `null` when that is not known yet."),
  cached: z.boolean().describe("Whether all of its results are known already."),
  cachedItems: z.int(),
  items: z.int(),
  costUnits: z.number().describe("One for each item and step that would be computed."),
});

function json(reply: FastifyReply, view: unknown): FastifyReply {
  return reply.header("content-type", "application/json; charset=utf-8").send(JSON.stringify(view));
}
