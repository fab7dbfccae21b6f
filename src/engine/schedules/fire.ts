import type { ScheduleRecords } from "../../database/schedules.ts";
import { derivedId } from "../../domain/ids.ts";
import type { ScheduleOutcome, ScheduleRecord } from "../../domain/schedules.ts";
import { MillraceError } from "../../errors.ts";
import type { StepLog } from "../../pipeline/context.ts";
import type { Engine } from "../engine.ts";
import { lastUpTo, nextAfter } from "./timing.ts";

/** A due time that nobody handled for this long is a missed one. */
const MISSED_MS = 60_000;
/** Most due schedules read per round. */
const DUE = 10_000;
/** Jobs created concurrently. */
const AT_ONCE = 10;
/** After this long a round finishes what it has begun; the next one queries again what is due. */
const LOOK_MS = 1_000;
/** How long a schedule that could not start its job lets others go first. */
const HELD_MS = 5_000;

type Parts = Pick<Engine, "admit" | "createJob"> & { store: Pick<Engine["store"], "job" | "now"> };

export interface Fired {
  dueAt: number;
  outcome: ScheduleOutcome;
  error: MillraceError | null;
  jobId: string | null;
  /** The due time after it. */
  next: number | null;
}

/**
 * Starts the jobs of due schedules of these pipelines, in turns by owner, so that an owner with many schedules holds up
 * nobody.
 */
export function dueSchedules(parts: Parts, records: ScheduleRecords) {
  /** Schedules that could not start, and until when they wait. */
  const held = new Map<string, number>();

  return async (pipelines: readonly string[], log: StepLog): Promise<void> => {
    const began = performance.now();
    for (const [id, until] of held) if (until <= began) held.delete(id);
    const due = await records.due({ now: parts.store.now(), pipelines, limit: DUE });
    const waiting = inTurns(due.filter(({ id }) => !held.has(id))).values();
    const errors: Error[] = [];
    const line = async () => {
      for (const { id } of waiting) {
        try {
          await fireAndRecord(parts, records, id);
        } catch (error) {
          held.set(id, performance.now() + HELD_MS);
          errors.push(error as Error);
        }
        if (performance.now() - began > LOOK_MS) return;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
    // Their queues are full, or the records are unavailable: a later round tries again.
    if (errors.length === 0) return;
    const details = { schedules: errors.length, error: errors[0]!.message };
    log.warn("schedules are due but cannot start their jobs yet", details);
  };
}

/** The first of each owner, then the second of each, and so on. */
function inTurns<Schedule extends { owner: string }>(due: readonly Schedule[]): Schedule[] {
  const turns = new Map<string, number>();
  const placed = due.map((schedule) => {
    const turn = turns.get(schedule.owner) ?? 0;
    turns.set(schedule.owner, turn + 1);
    return { schedule, turn };
  });
  return placed.sort((a, b) => a.turn - b.turn).map(({ schedule }) => schedule);
}

async function fireAndRecord(parts: Parts, records: ScheduleRecords, id: string): Promise<void> {
  const now = parts.store.now();
  const schedule = await records.get({ owner: null, id });
  // Another process has handled it.
  if (!schedule || schedule.dueAt === null || schedule.dueAt > now) return;
  const fired = await fire(parts, schedule, now);
  const error = fired.error && { code: fired.error.code, message: fired.error.message };
  await records.update({ owner: null, id }, (present) => {
    // Another process handled it, or it was changed, so it is due at another time.
    if (present.dueAt !== schedule.dueAt) return null;
    const last = { dueAt: fired.dueAt, outcome: fired.outcome, error };
    return { ...present, dueAt: fired.next, last, lastJobId: fired.jobId ?? present.lastJobId };
  });
}

/**
 * Handles the latest due time of a schedule. The job's id is derived from the schedule and the due time, so concurrent
 * processes create only one job. Rejects if it must be retried later.
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

/** A schedule waits for room in its queue, like a client. */
export async function startJob(parts: Parts, schedule: ScheduleRecord, id: string): Promise<void> {
  const { owner, pipeline, options, items } = schedule;
  // A pipeline's own schedule may start an internal pipeline; a user's schedule may do only what the user may.
  const fromInside = schedule.definedBy !== null;
  const admission = await parts.admit({ owner, pipeline, tasks: Math.max(1, items.length), fromInside });
  let created = false;
  try {
    const request = { id, owner, pipeline, options, items, files: [], admission, fromInside };
    created = (await parts.createJob(request)).created;
  } finally {
    if (!created) await admission.release();
  }
}
