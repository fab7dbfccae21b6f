import type { FastifyReply } from "fastify";
import { z } from "zod";
import { jobView } from "../../domain/job-views.ts";
import type { App } from "../../http/app.ts";
import type { Created } from "../../ports/store/jobs.ts";
import { documented, job } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { idempotencyHeader, jobBody, jobForm } from "./job-fields.ts";
import { checkBody, readJobRequest, receivedFiles } from "./job-request.ts";
import { checkNotify } from "./notify-targets.ts";

const body = {
  content: {
    "multipart/form-data": { schema: z.unknown().describe("").meta({ form: jobForm }) },
    "application/json": { schema: jobBody },
  },
};

const refusals = [
  ...([
    "not_found",
    "gone",
    "unknown_part",
    "address_refused",
    "notify_refused",
    "invalid_options",
    "invalid_items",
  ] as const),
  ...(["too_many_items", "too_many_files", "file_too_large", "request_too_large"] as const),
  ...(["unsupported_media", "queue_full", "quota_exceeded", "unavailable", "storage_full"] as const),
];

/** Routes that create a job or estimate it. */
export function creationRoutes(app: App, context: ServerContext): void {
  const { engine } = context;

  app.route({
    method: "POST",
    url: "/v1/jobs",
    bodyLimit: context.limits.itemsBytes,
    preValidation: (request) => checkBody(context, request),
    schema: {
      operationId: "createJob",
      summary: "Create a job",
      description:
        "Upload files in a form, or send JSON that refers to files by URL, upload or earlier result. The `202` response means that the job is stored durably. Follow it with `GET /v1/jobs/{id}?wait=30` or its event stream.",
      tags: ["Jobs"],
      headers: idempotencyHeader,
      body,
      ...documented({ 202: job }, [...refusals, "idempotency_mismatch"]),
    },
    async handler(request, reply) {
      const { asked, admission } = await readJobRequest(context, request, reply, true);
      let created: Created | null = null;
      try {
        await checkNotify(context, asked);
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
    preValidation: (request) => checkBody(context, request),
    schema: {
      operationId: "quoteJob",
      summary: "Quote a job",
      description:
        "Takes the same request as creating a job, but does not run it. Returns the queue position, expected wait, cache hits and cost units.",
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
  position: z.int().describe("Tasks that would run before this job's first task."),
  waitSeconds: z
    .number()
    .nullable()
    .describe("Expected seconds until the first task starts. `null` if not known yet."),
  cached: z.boolean().describe("Whether all results are already cached."),
  cachedItems: z.int(),
  items: z.int(),
  costUnits: z.number().describe("One for each step of each item that would have to be computed."),
});

function json(reply: FastifyReply, view: unknown): FastifyReply {
  return reply.header("content-type", "application/json; charset=utf-8").send(JSON.stringify(view));
}
