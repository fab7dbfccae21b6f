import type { ScheduleRecords } from "../../database/schedules.ts";
import { derivedId } from "../../domain/ids.ts";
import type { ScheduleOutcome, ScheduleRecord } from "../../domain/schedules.ts";
import { MillraceError } from "../../errors.ts";
import type { StepLog } from "../../pipeline/context.ts";
import type { Engine } from "../engine.ts";
import { lastUpTo, nextAfter } from "./timing.ts";

/** A due time that nobody looked at for so long is a missed one. */
const MISSED_MS = 60_000;
/** Due ones that are read together. */
const DUE = 50;
/** Due ones whose jobs are created at once. */
const AT_ONCE = 10;

type Parts = Pick<Engine, "admit" | "createJob"> & { store: Pick<Engine["store"], "job" | "now"> };

export interface Fired {
  dueAt: number;
  outcome: ScheduleOutcome;
  error: MillraceError | null;
  jobId: string | null;
  /** The due time after it. */
  next: number | null;
}

/** Starts the jobs of all schedules of these pipelines that are due. */
export async function fireDue(
  parts: Parts,
  records: ScheduleRecords,
  pipelines: string[],
  log: StepLog,
): Promise<void> {
  const query = { now: parts.store.now(), pipelines, limit: DUE };
  const held: Error[] = [];
  for (let page = await records.due(query); page.length > 0; ) {
    const waiting = page.values();
    const line = async () => {
      for (const schedule of waiting)
        await fireAndRecord(parts, records, schedule).catch((error: Error) => held.push(error));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
    // Those that cannot start stay due: they hold up nobody behind them.
    page = page.length < DUE ? [] : await records.due({ ...query, after: page.at(-1)! });
  }
  // Their queues are full, or the records are away: the next look tries again.
  if (held.length > 0) {
    const details = { schedules: held.length, error: held[0]!.message };
    log.warn("schedules are due and cannot start their jobs yet", details);
  }
}

async function fireAndRecord(
  parts: Parts,
  records: ScheduleRecords,
  schedule: ScheduleRecord,
): Promise<void> {
  const fired = await fire(parts, schedule, parts.store.now());
  const error = fired.error && { code: fired.error.code, message: fired.error.message };
  await records.update({ owner: null, id: schedule.id }, (present) => {
    // Somebody else has dealt with it, or it was changed: then it is due anew, or at another time.
    if (present.dueAt !== schedule.dueAt) return null;
    const last = { dueAt: fired.dueAt, outcome: fired.outcome, error };
    return { ...present, dueAt: fired.next, last, lastJobId: fired.jobId ?? present.lastJobId };
  });
}

/**
 * Deals with the last due time of a schedule that has come. The job's id is made from the schedule and the due time,
 * so any number of processes that do so at once create one job. Rejects when it can be done only later.
 */
export async function fire(parts: Parts, schedule: ScheduleRecord, now: number): Promise<Fired> {
  const { id, owner, timing } = schedule;
  const dueAt = lastUpTo(timing, schedule.dueAt!, now);
  const fired = { dueAt, error: null, jobId: null, next: nextAfter(timing, dueAt) };
  const jobId = derivedId(dueAt, "schedule", id);
  if (await parts.store.job({ owner, id: jobId })) return { ...fired, outcome: "started", jobId };
  if (schedule.missed === "skip" && now - dueAt > MISSED_MS) return { ...fired, outcome: "missed" };
  if (schedule.overlap === "skip" && (await isRunning(parts, schedule))) {
    return { ...fired, outcome: "overlapped" };
  }
  try {
    await startJob(parts, schedule, jobId);
    return { ...fired, outcome: "started", jobId };
  } catch (error) {
    if (!(error instanceof MillraceError) || error.retryable) throw error;
    return { ...fired, outcome: "failed", error };
  }
}

async function isRunning({ store }: Parts, { owner, lastJobId }: ScheduleRecord): Promise<boolean> {
  if (lastJobId === null) return false;
  const last = await store.job({ owner, id: lastJobId });
  return last !== null && last.finishedAt === null;
}

/** A schedule waits for room in its queue, as a client does. */
export async function startJob(parts: Parts, schedule: ScheduleRecord, id: string): Promise<void> {
  const { owner, pipeline, options, items } = schedule;
  const admission = await parts.admit({ owner, pipeline, tasks: Math.max(1, items.length) });
  let created = false;
  try {
    created = (await parts.createJob({ id, owner, pipeline, options, items, files: [], admission })).created;
  } finally {
    if (!created) await admission.release();
  }
}
