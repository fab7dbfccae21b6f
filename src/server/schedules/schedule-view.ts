import { z } from "zod";
import { missedRules, overlapRules, type ScheduleRecord } from "../../domain/schedules.ts";
import { dataItems } from "../../engine/intake/data-items.ts";
import { boundedObject } from "../../engine/intake/json-bounds.ts";
import { nextTimes } from "../../engine/schedules/timing.ts";

/** Number of due times to show. */
export const NEXT_TIMES = 5;

const fields = {
  name: z.string().max(100).describe("Shown in lists."),
  pipeline: z.string().min(1).max(100),
  options: boundedObject.describe("Options of each job."),
  items: dataItems.describe("Items of data for each job."),
  cron: z
    .string()
    .max(200)
    .describe(
      "A cron expression of five fields, such as `30 2 * * 1-5`, or of six fields that start with seconds.",
    ),
  timeZone: z.string().max(100).describe("Time zone of `cron`, such as `Europe/Berlin`. Defaults to UTC."),
  everySeconds: z.int().describe("Interval in seconds, instead of `cron`."),
  missed: z
    .enum(missedRules)
    .describe(
      "What to do about due times that passed while the server was not running. `once` starts one job for the most recent one, `skip` starts none.",
    ),
  overlap: z
    .enum(overlapRules)
    .describe(
      "What to do when the previous job is still running at a due time. `skip` starts no job, `queue` starts another one.",
    ),
};
const { name, pipeline, options, items, cron, timeZone, everySeconds, missed, overlap } = fields;

export const created = z.strictObject({
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
export const timingFields = created.pick({ cron: true, timeZone: true, everySeconds: true });
export const changed = z.strictObject(fields).partial();

const time = z.iso.datetime();
export const schedule = z.object({
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
  definedInCode: z
    .boolean()
    .describe("Whether the pipeline's code defines the schedule. If so, change it there."),
  paused: z.boolean(),
  next: z.array(time).describe(`The next due times, at most ${NEXT_TIMES}. Empty while paused.`),
  last: z
    .object({
      dueAt: time,
      outcome: z.enum(["started", "overlapped", "missed", "failed"]),
      error: z.object({ code: z.string(), message: z.string() }).nullable(),
    })
    .nullable()
    .describe("The most recent due time and its outcome."),
  lastJobId: z.string().nullable(),
  createdAt: time,
});

export function view(record: ScheduleRecord): z.output<typeof schedule> {
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
