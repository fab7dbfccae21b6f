import { z } from "zod";
import {
  missedRules,
  overlapRules,
  type ScheduleRecord,
  type ScheduleSpec,
  type Timing,
} from "../domain/schedules.ts";
import { nextTimes } from "../engine/schedules/timing.ts";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import { timingOf } from "../pipeline/schedule.ts";
import { documented, limitParam, pageOf } from "./api-schemas.ts";
import type { ServerContext } from "./context.ts";
import { dataItems } from "./jobs/job-fields.ts";
import { boundedObject } from "./jobs/json-bounds.ts";

/** Due times that a schedule shows. */
const NEXT_TIMES = 5;

const fields = {
  name: z.string().max(100).describe("Shown in lists."),
  pipeline: z.string().min(1).max(100),
  options: boundedObject.describe("Of each job."),
  items: dataItems.describe("Items of data of each job."),
  cron: z
    .string()
    .max(200)
    .describe("Five or six fields, such as `30 2 * * 1-5`; six begin with the second."),
  timeZone: z.string().max(100).describe("In which `cron` is read, such as `Europe/Berlin`; UTC by default."),
  everySeconds: z.int().describe("Instead of `cron`."),
  missed: z
    .enum(missedRules)
    .describe(
      "Due times that passed while nothing ran: `once` starts one job for the last of them, `skip` none.",
    ),
  overlap: z
    .enum(overlapRules)
    .describe("When the last job has not ended at a due time: `skip` starts none, `queue` starts another."),
};
const { name, pipeline, options, items, cron, timeZone, everySeconds, missed, overlap } = fields;

const created = z.strictObject({
  name: name.default(""),
  pipeline,
  options: options.default({}),
  items: items.default([]),
  cron: cron.optional(),
  timeZone: timeZone.optional(),
  everySeconds: everySeconds.optional(),
  missed: missed.default("once"),
  overlap: overlap.default("skip"),
});
const changed = z.strictObject(fields).partial();

const time = z.iso.datetime();
const schedule = z.object({
  id: z.string(),
  owner: z.string(),
  ...{
    name: z.string(),
    pipeline: z.string(),
    options: z.unknown(),
    items: z.array(z.unknown()).describe("Empty in lists."),
  },
  cron: z.string().nullable(),
  timeZone: z.string().nullable(),
  everySeconds: z.int().nullable(),
  missed,
  overlap,
  definedInCode: z.boolean().describe("By its pipeline; it is changed there."),
  paused: z.boolean(),
  next: z.array(time).describe(`The next due times, at most ${NEXT_TIMES}; none while it is paused.`),
  last: z
    .object({
      dueAt: time,
      outcome: z.enum(["started", "overlapped", "missed", "failed"]),
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
    })
    .nullable()
    .describe("The last due time that came, and how it ended."),
  lastJobId: z.string().nullable(),
  createdAt: time,
});

const params = z.object({ id: z.string().min(1).max(100) });
const list = {
  querystring: z.object({
    limit: limitParam(100, 20),
    cursor: z.string().max(100).optional().describe("`nextCursor` of the page before."),
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
      summary: "Start jobs at times of their own",
      description: "By a cron expression in a time zone, or every so many seconds.",
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
        "What is left out stays as it is. `cron` takes the place of `everySeconds`, and the other way around.",
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
      summary: "Forget a schedule; its jobs stay",
      tags: ["Schedules"],
      params,
      ...documented({ 204: z.null().describe("Forgotten") }, ["not_found"]),
    },
    async handler(request, reply) {
      await schedules.remove({ owner: request.principal.owner, id: request.params.id });
      return reply.code(204).send(null);
    },
  });

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

interface Kind {
  base: string;
  tags: string[];
  prefix: string;
  whose: string;
  ownerOf(owner: string): string | null;
}

/** What owners do with their schedules, and operators with everyone's: those of pipelines among them. */
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
      summary: "A schedule, with its next due times",
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
        summary: action === "pause" ? "Start no more jobs" : "Start jobs again, from the next due time on",
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
      summary: "Start a job now, beside those of its due times",
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

function view(record: ScheduleRecord): z.output<typeof schedule> {
  const { definedBy, dueAt, last, timing, createdAt, ...rest } = record;
  const isCron = "cron" in timing;
  return {
    ...rest,
    cron: isCron ? timing.cron : null,
    timeZone: isCron ? timing.timeZone : null,
    everySeconds: isCron ? null : timing.everySeconds,
    definedInCode: definedBy !== null,
    paused: dueAt === null,
    next: dueAt === null ? [] : nextTimes(timing, dueAt, NEXT_TIMES).map(iso),
    last: last && { ...last, dueAt: iso(last.dueAt) },
    createdAt: iso(createdAt),
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
