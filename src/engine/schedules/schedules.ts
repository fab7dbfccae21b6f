import type { ScheduleQuery, ScheduleRecords } from "../../database/schedules.ts";
import type { ScheduleRecord, ScheduleSpec, Timing } from "../../domain/schedules.ts";
import type { StepLog } from "../../pipeline/context.ts";

/** Jobs at scheduled times. `owner: null` in a query: an operator, for any owner. */
export interface Schedules {
  /** Rejects with `invalid_schedule`, `invalid_options`, `invalid_items`, `not_found` or `quota_exceeded`. */
  create(owner: string, spec: ScheduleSpec): Promise<ScheduleRecord>;
  /** The due times that a schedule with this timing would have. Rejects with `invalid_schedule`. */
  preview(timing: Timing, count: number): number[];
  list: ScheduleRecords["list"];
  /** Rejects with `not_found`, as do the others. */
  get(query: ScheduleQuery): Promise<ScheduleRecord>;
  /** Recomputes its next due time if its timing changes. */
  change(query: ScheduleQuery, spec: Partial<ScheduleSpec>): Promise<ScheduleRecord>;
  pause(query: ScheduleQuery): Promise<ScheduleRecord>;
  /** Does not make up for due times that passed while it was paused. */
  resume(query: ScheduleQuery): Promise<ScheduleRecord>;
  /** Starts a job at once, in addition to those of its due times. */
  run(query: ScheduleQuery): Promise<{ jobId: string }>;
  remove(query: ScheduleQuery): Promise<void>;
  /** Records what the pipelines of this process define, and removes what they no longer define. */
  define(): Promise<void>;
  /** Starts what is due. Any number of processes may call it at once. */
  fireDue(log: StepLog): Promise<void>;
}
