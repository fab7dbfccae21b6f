import { canonical } from "../../domain/ledger/content-key.ts";
import type { ScheduleRecord, ScheduleSpec } from "../../domain/schedules.ts";
import { nextAfter } from "./timing.ts";

export function specOf(record: ScheduleSpec): ScheduleSpec {
  const { name, pipeline, options, items, timing, missed, overlap } = record;
  return { name, pipeline, options, items, timing, missed, overlap };
}

export function recordOf(owner: string, spec: ScheduleSpec, id: string, now: number): ScheduleRecord {
  return {
    ...specOf(spec),
    id,
    owner,
    definedBy: null,
    dueAt: nextAfter(spec.timing, now),
    last: null,
    lastJobId: null,
    createdAt: now,
  };
}

/** The schedule with another spec; a paused schedule stays paused. */
export function changed(record: ScheduleRecord, spec: ScheduleSpec, now: number): ScheduleRecord {
  const isSameTiming = canonical(record.timing) === canonical(spec.timing);
  const dueAt = record.dueAt === null || isSameTiming ? record.dueAt : nextAfter(spec.timing, now);
  return { ...record, ...specOf(spec), dueAt };
}
