import { z } from "zod";
import { missedRules, overlapRules, type ScheduleRecord } from "../../domain/schedules.ts";
import { dataItems } from "../../engine/intake/data-items.ts";
import { boundedObject } from "../../engine/intake/json-bounds.ts";
import { nextTimes } from "../../engine/schedules/timing.ts";

/** Due times that a schedule shows. */
export const NEXT_TIMES = 5;

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
