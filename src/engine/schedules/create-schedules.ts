import { scheduleRecords } from "../../database/schedules.ts";
import type { Tables } from "../../database/tables.ts";
import { derivedId, newId } from "../../domain/ids.ts";
import { canonical } from "../../domain/ledger/content-key.ts";
import { type ScheduleRecord, type ScheduleSpec, SYSTEM_OWNER } from "../../domain/schedules.ts";
import { MillraceError } from "../../errors.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { Database } from "../../ports/database.ts";
import type { Engine } from "../engine.ts";
import { fire, startJob } from "./fire.ts";
import type { Schedules } from "./schedules.ts";
import { checkTiming, nextAfter } from "./timing.ts";

/** Schedules of one owner. */
const MAX_SCHEDULES = 1_000;
/** Due ones that are looked at together. */
const DUE = 100;

type Parts = Pick<Engine, "admit" | "createJob" | "prepare" | "store" | "pipelines"> & {
  database: Database<Tables>;
};

export function createSchedules(parts: Parts): Schedules {
  const { store, pipelines } = parts;
  const records = scheduleRecords(parts.database);

  /** What its jobs would be refused for is refused at once. */
  const check = async (owner: string, spec: ScheduleSpec): Promise<void> => {
    checkTiming(spec.timing, store.now());
    const { pipeline, options, items } = spec;
    const { pinned } = await parts.prepare({ owner, pipeline, options, items, files: [] });
    if (pinned.length > 0) await store.unpin({ keys: pinned });
  };
  const found = <T>(schedule: T | null): T => {
    if (schedule) return schedule;
    throw new MillraceError("not_found", "There is no such schedule.");
  };

  const settle = async (schedule: ScheduleRecord): Promise<void> => {
    const fired = await fire(parts, schedule, store.now());
    const error = fired.error && { code: fired.error.code, message: fired.error.message };
    await records.update({ owner: null, id: schedule.id }, (present) => {
      // Somebody else has dealt with it, or it was changed: then it is due anew, or at another time.
      if (present.dueAt !== schedule.dueAt) return null;
      const last = { dueAt: fired.dueAt, outcome: fired.outcome, error };
      return { ...present, dueAt: fired.next, last, lastJobId: fired.jobId ?? present.lastJobId };
    });
  };

  const defineOne = async (pipeline: Pipeline, spec: ScheduleSpec): Promise<void> => {
    const id = definedId(pipeline.name, spec.name);
    const now = store.now();
    const known = await records.get({ owner: SYSTEM_OWNER, id });
    if (!known) {
      const record = { ...recordOf(SYSTEM_OWNER, spec, id, now), definedBy: pipeline.version };
      await records.create(record, Number.POSITIVE_INFINITY);
      return;
    }
    await records.update({ owner: SYSTEM_OWNER, id }, (present) => {
      if ((present.definedBy ?? 0) > pipeline.version) return null;
      if (present.definedBy === pipeline.version && canonical(specOf(present)) === canonical(spec))
        return null;
      return { ...changed(present, spec, now), definedBy: pipeline.version };
    });
  };

  return {
    async create(owner, spec) {
      await check(owner, spec);
      const record = recordOf(owner, spec, newId(), store.now());
      if (await records.create(record, MAX_SCHEDULES)) return record;
      const text = `You have ${MAX_SCHEDULES} schedules, which is the most; remove one that you do not need.`;
      throw new MillraceError("quota_exceeded", text, { retryable: false, extra: { limit: MAX_SCHEDULES } });
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
    async define() {
      const defining = pipelines.list();
      for (const pipeline of defining) for (const spec of specsOf(pipeline)) await defineOne(pipeline, spec);
      for (let after: string | undefined; ; ) {
        const page = await records.list({ owner: SYSTEM_OWNER, after, limit: DUE });
        for (const { id, pipeline: name, definedBy, ...spec } of page) {
          const pipeline = pipelines.get(name);
          const isOurs = pipeline !== undefined && pipeline.version >= (definedBy ?? 0);
          if (isOurs && !pipeline.schedules.some((one) => one.name === spec.name)) {
            await records.remove({ owner: SYSTEM_OWNER, id });
          }
        }
        if (page.length === 0) return;
        after = page.at(-1)!.id;
      }
    },
    async fireDue(log) {
      const names = pipelines.list().map(({ name }) => name);
      const due = await records.due({ now: store.now(), pipelines: names, limit: DUE });
      for (const schedule of due) {
        try {
          await settle(schedule);
        } catch (error) {
          // Its queue is full, or the records are away: the next look tries again.
          const details = { schedule: schedule.id, error: (error as Error).message };
          log.warn("a schedule is due and cannot start its job yet", details);
        }
      }
    },
  };
}

function definedId(pipeline: string, name: string): string {
  return derivedId(0, "schedule of a pipeline", pipeline, name);
}

function specsOf(pipeline: Pipeline): ScheduleSpec[] {
  return pipeline.schedules.map((one) => ({ ...one, pipeline: pipeline.name }));
}

function specOf(record: ScheduleSpec): ScheduleSpec {
  const { name, pipeline, options, items, timing, missed, overlap } = record;
  return { name, pipeline, options, items, timing, missed, overlap };
}

function recordOf(owner: string, spec: ScheduleSpec, id: string, now: number): ScheduleRecord {
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

/** With another spec; what is paused stays so. */
function changed(record: ScheduleRecord, spec: ScheduleSpec, now: number): ScheduleRecord {
  const isSameTiming = canonical(record.timing) === canonical(spec.timing);
  const dueAt = record.dueAt === null || isSameTiming ? record.dueAt : nextAfter(spec.timing, now);
  return { ...record, ...specOf(spec), dueAt };
}
