import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { documented, jobParams } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { event } from "./event-schema.ts";
import { followJob, followOwner } from "./follow.ts";

const streamHeaders = z.object({
  "last-event-id": z
    .string()
    .optional()
    .describe("Id of the last event that you received. The stream continues after it."),
});

export function eventRoutes(app: App, { engine, hub, streams, replays, logger }: ServerContext): void {
  const { store } = engine;

  app.route({
    method: "GET",
    url: "/v1/jobs/:id/events",
    exposeHeadRoute: false,
    schema: {
      operationId: "jobEvents",
      summary: "Stream a job's events",
      description:
        "Replays the job's log from its start (or after `Last-Event-ID`), then continues live. Ends after the job's last event.",
      tags: ["Events"],
      params: jobParams,
      headers: streamHeaders,
      ...documented(
        { 200: eventStream, 204: z.null().describe("The job has ended, and the client has its last event") },
        ["not_found", "quota_exceeded", "unavailable"],
      ),
    },
    async handler(request, reply) {
      const owner = request.principal.owner;
      const { id } = request.params;
      const job = await store.job({ owner, id });
      if (!job) throw new MillraceError("not_found", "There is no such job.");
      const cursor = cursorOf(request);
      // 204 is the only response after which a browser's `EventSource` does not reconnect.
      if (job.finishedAt !== null && (await hasSeenAll(owner, id, cursor))) return reply.code(204).send(null);
      const stream = streams.open(reply, request.principal);
      await followJob({ hub, store, replays, owner }, stream, job, cursor).catch(lost);
      stream.end();
    },
  });

  app.route({
    method: "GET",
    url: "/v1/events",
    exposeHeadRoute: false,
    schema: {
      operationId: "events",
      summary: "Stream the events of all your jobs",
      description:
        "Starts with new events, or after `Last-Event-ID`. If the log no longer holds that position, you receive one `resync` event.",
      tags: ["Events"],
      headers: streamHeaders,
      ...documented({ 200: eventStream }, ["quota_exceeded", "unavailable"]),
    },
    async handler(request, reply) {
      const owner = request.principal.owner;
      const stream = streams.open(reply, request.principal);
      await followOwner({ hub, store, replays, owner }, stream, cursorOf(request)).catch(lost);
      stream.end();
    },
  });

  async function hasSeenAll(owner: string, jobId: string, cursor: number | null): Promise<boolean> {
    if (cursor === null || Number.isNaN(cursor)) return false;
    return (await store.events({ owner, after: cursor, limit: 1, jobId })).length === 0;
  }

  /** The stream ends, and the client resumes. */
  function lost(error: unknown): void {
    logger.warn({ err: error }, "an event stream was closed");
  }
}

const eventStream = {
  description: "Server-sent events. The schema describes one of them.",
  content: { "text/event-stream": { schema: event } },
};

/** `NaN`, which no log contains, for an id that we never sent. */
function cursorOf(request: FastifyRequest): number | null {
  const id = request.headers["last-event-id"];
  if (id === undefined || id === "") return null;
  return typeof id === "string" && /^\d{1,15}$/.test(id) ? Number(id) : Number.NaN;
}
