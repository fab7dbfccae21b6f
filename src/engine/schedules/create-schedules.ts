import { scheduleRecords } from "../../database/schedules.ts";
import type { Tables } from "../../database/tables.ts";
import { newId } from "../../domain/ids.ts";
import type { ScheduleSpec } from "../../domain/schedules.ts";
import { MillraceError } from "../../errors.ts";
import type { Database } from "../../ports/database.ts";
import type { Engine } from "../engine.ts";
import { defineSchedules } from "./define.ts";
import { dueSchedules, startJob } from "./fire.ts";
import type { Schedules } from "./schedules.ts";
import { changed, recordOf, specOf } from "./spec.ts";
import { checkTiming, nextAfter, nextTimes } from "./timing.ts";

/** Most schedules of one owner. */
const MAX_SCHEDULES = 1_000;
/** Most JSON bytes of a schedule's options and items: a whole page of schedules is read at once. */
const MAX_BYTES = 256 * 1024;

type Parts = Pick<Engine, "admit" | "createJob" | "prepare" | "store" | "pipelines"> & {
  database: Database<Tables>;
};

export function createSchedules(parts: Parts): Schedules {
  const { store, pipelines } = parts;
  const records = scheduleRecords(parts.database);
  const startDue = dueSchedules(parts, records);

  /** Rejects a schedule whose jobs would be rejected. */
  const check = async (owner: string, spec: ScheduleSpec): Promise<void> => {
    checkTiming(spec.timing, store.now());
    const { pipeline, options, items } = spec;
    checkSize({ options, items });
    const { pinned } = await parts.prepare({ owner, pipeline, options, items, files: [] });
    if (pinned.length > 0) await store.unpin({ keys: pinned });
  };
  const found = <T>(schedule: T | null): T => {
    if (schedule) return schedule;
    throw new MillraceError("not_found", "There is no such schedule.");
  };

  return {
    async create(owner, spec) {
      await check(owner, spec);
      const record = recordOf(owner, spec, newId(), store.now());
      if (await records.create(record, MAX_SCHEDULES)) return record;
      const text = `You have ${MAX_SCHEDULES} schedules, the maximum. Delete one that you no longer need.`;
      throw new MillraceError("quota_exceeded", text, { retryable: false, extra: { limit: MAX_SCHEDULES } });
    },
    preview(timing, count) {
      checkTiming(timing, store.now());
      return nextTimes(timing, nextAfter(timing, store.now())!, count);
    },
    list: records.list,
    get: async (query) => found(await records.get(query)),
    async change(query, spec) {
      const present = found(await records.get(query));
      if (present.definedBy !== null) {
        throw new MillraceError(
          "forbidden",
          `The code of ${present.pipeline} defines this schedule: change it there.`,
        );
      }
      const whole = { ...specOf(present), ...spec };
      await check(present.owner, whole);
      return found(await records.update(query, (one) => changed(one, whole, store.now())));
    },
    pause: async (query) => found(await records.update(query, (one) => ({ ...one, dueAt: null }))),
    resume: async (query) =>
      found(
        await records.update(query, (one) =>
          one.dueAt === null ? { ...one, dueAt: nextAfter(one.timing, store.now()) } : null,
        ),
      ),
    async run(query) {
      const schedule = found(await records.get(query));
      const jobId = newId(store.now());
      await startJob(parts, schedule, jobId);
      await records.update(query, (one) => ({ ...one, lastJobId: jobId }));
      return { jobId };
    },
    async remove(query) {
      if (!(await records.remove(query))) found(null);
    },
    define: () => defineSchedules(records, pipelines, store.now),
    fireDue: (log) =>
      startDue(
        pipelines.list().map(({ name }) => name),
        log,
      ),
  };
}

function checkSize(work: Pick<ScheduleSpec, "options" | "items">): void {
  const bytes = Buffer.byteLength(JSON.stringify(work));
  if (bytes <= MAX_BYTES) return;
  const message = `have ${bytes} bytes of JSON together with the options. The limit is ${MAX_BYTES}.`;
  throw new MillraceError("invalid_schedule", `items: ${message}`, {
    extra: { limit: MAX_BYTES, issues: [{ path: "items", message }] },
  });
}
