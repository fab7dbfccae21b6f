import { z } from "zod";
import type { ScheduleSpec, Timing } from "../../domain/schedules.ts";
import { MillraceError } from "../../errors.ts";
import type { App } from "../../http/app.ts";
import { timingOf } from "../../pipeline/schedule.ts";
import { documented, limitParam, pageOf } from "../api-schemas.ts";
import type { ServerContext } from "../context.ts";
import { changed, created, NEXT_TIMES, schedule, timingFields, view } from "./schedule-view.ts";

const params = z.object({ id: z.string().min(1).max(100) });
const list = {
  querystring: z.object({
    limit: limitParam(100, 20),
    cursor: z.string().max(100).optional().describe("`nextCursor` of the previous page."),
  }),
};
const refusals = ["not_found", "invalid_schedule", "invalid_options", "invalid_items"] as const;

export function scheduleRoutes(app: App, { engine }: ServerContext): void {
  const { schedules } = engine;

  app.route({
    method: "POST",
    url: "/v1/schedules",
    schema: {
      operationId: "createSchedule",
      summary: "Create a schedule",
      description: "Starts jobs by a cron expression in a time zone, or at an interval in seconds.",
      tags: ["Schedules"],
      body: created,
      ...documented({ 201: schedule }, [...refusals, "quota_exceeded"]),
    },
    async handler(request, reply) {
      const { cron, timeZone, everySeconds, ...spec } = request.body;
      const timing = wholeTiming({ cron, timeZone, everySeconds });
      const made = await schedules.create(request.principal.owner, { ...spec, timing } as ScheduleSpec);
      reply.code(201).header("location", `/v1/schedules/${made.id}`);
      return view(made);
    },
  });

  app.route({
    method: "PATCH",
    url: "/v1/schedules/:id",
    schema: {
      operationId: "changeSchedule",
      summary: "Change a schedule",
      description:
        "Fields that you omit keep their values. Setting `cron` replaces `everySeconds`, and the other way around.",
      tags: ["Schedules"],
      params,
      body: changed,
      ...documented({ 200: schedule }, [...refusals, "forbidden"]),
    },
    async handler(request) {
      const query = { owner: request.principal.owner, id: request.params.id };
      const { cron, timeZone, everySeconds, ...spec } = request.body;
      const { timing } = await schedules.get(query);
      const isTimed = cron !== undefined || timeZone !== undefined || everySeconds !== undefined;
      const known = "cron" in timing && everySeconds === undefined ? timing : {};
      const given = defined({ cron, timeZone, everySeconds });
      const change = isTimed ? { ...spec, timing: wholeTiming({ ...known, ...given }) } : spec;
      return view(await schedules.change(query, defined(change) as Partial<ScheduleSpec>));
    },
  });

  app.route({
    method: "DELETE",
    url: "/v1/schedules/:id",
    schema: {
      operationId: "removeSchedule",
      summary: "Delete a schedule; its jobs are kept",
      tags: ["Schedules"],
      params,
      ...documented({ 204: z.null().describe("Deleted") }, ["not_found"]),
    },
    async handler(request, reply) {
      await schedules.remove({ owner: request.principal.owner, id: request.params.id });
      return reply.code(204).send(null);
    },
  });

  previewRoute(app, engine);
  routesFor(app, engine, {
    base: "/v1/schedules",
    tags: ["Schedules"],
    prefix: "",
    whose: "your",
    ownerOf: (owner) => owner,
  });
  routesFor(app, engine, {
    base: "/v1/admin/schedules",
    tags: ["Operations"],
    prefix: "any",
    whose: "all",
    ownerOf: () => null,
  });
}

function previewRoute(app: App, { schedules }: ServerContext["engine"]): void {
  app.route({
    method: "POST",
    url: "/v1/schedules/preview",
    schema: {
      operationId: "previewSchedule",
      summary: "Preview when a schedule would run",
      description: "Saves nothing.",
      tags: ["Schedules"],
      body: timingFields,
      ...documented({ 200: z.object({ next: schedule.shape.next }) }, ["invalid_schedule"]),
    },
    handler: async (request) => ({
      next: schedules
        .preview(wholeTiming(request.body), NEXT_TIMES)
        .map((time) => new Date(time).toISOString()),
    }),
  });
}

interface Kind {
  base: string;
  tags: string[];
  prefix: string;
  whose: string;
  ownerOf(owner: string): string | null;
}

/** Schedule routes: for owners, or for operators, who also see the schedules of pipelines. */
function routesFor(app: App, { schedules }: ServerContext["engine"], kind: Kind): void {
  const { base, tags, prefix, whose, ownerOf } = kind;
  const named = (name: string) => (prefix ? prefix + name[0]!.toUpperCase() + name.slice(1) : name);

  app.route({
    method: "GET",
    url: base,
    schema: {
      operationId: named("schedules"),
      summary: `List ${whose} schedules`,
      tags,
      ...list,
      ...documented({ 200: pageOf(schedule) }, []),
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const owner = ownerOf(request.principal.owner);
      const found = await schedules.list({ owner, after: cursor, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        items: page.map((one) => ({ ...view(one), items: [] })),
        nextCursor: found.length > limit ? page.at(-1)!.id : null,
      };
    },
  });

  app.route({
    method: "GET",
    url: `${base}/:id`,
    schema: {
      operationId: named("schedule"),
      summary: "Retrieve a schedule with its next due times",
      tags,
      params,
      ...documented({ 200: schedule }, ["not_found"]),
    },
    handler: async (request) =>
      view(await schedules.get({ owner: ownerOf(request.principal.owner), id: request.params.id })),
  });

  for (const action of ["pause", "resume"] as const) {
    app.route({
      method: "POST",
      url: `${base}/:id/${action}`,
      schema: {
        operationId: named(`${action}Schedule`),
        summary: action === "pause" ? "Pause a schedule" : "Resume a schedule from its next due time",
        tags,
        params,
        ...documented({ 200: schedule }, ["not_found"]),
      },
      handler: async (request) =>
        view(await schedules[action]({ owner: ownerOf(request.principal.owner), id: request.params.id })),
    });
  }

  app.route({
    method: "POST",
    url: `${base}/:id/run`,
    schema: {
      operationId: named("runSchedule"),
      summary: "Run a schedule now, in addition to its due times",
      tags,
      params,
      ...documented({ 202: z.object({ jobId: z.string() }) }, [...refusals, "queue_full"]),
    },
    async handler(request, reply) {
      reply.code(202);
      return schedules.run({ owner: ownerOf(request.principal.owner), id: request.params.id });
    },
  });
}

function wholeTiming(given: { cron?: string; timeZone?: string; everySeconds?: number }): Timing {
  const timing = timingOf(given);
  if (timing !== null) return timing;
  const message = "a schedule has either cron or everySeconds";
  throw new MillraceError("invalid_schedule", `cron: ${message}`, {
    extra: { issues: [{ path: "cron", message }] },
  });
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Partial<T>;
}
