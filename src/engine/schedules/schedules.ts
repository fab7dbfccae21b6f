import type { ScheduleQuery, ScheduleRecords } from "../../database/schedules.ts";
import type { ScheduleRecord, ScheduleSpec, Timing } from "../../domain/schedules.ts";
import type { StepLog } from "../../pipeline/context.ts";

/** Jobs at times of their own. `owner: null` in a query: an operator, for any owner. */
export interface Schedules {
  /** Rejects with `invalid_schedule`, `invalid_options`, `invalid_items`, `not_found` or `quota_exceeded`. */
  create(owner: string, spec: ScheduleSpec): Promise<ScheduleRecord>;
  /** The due times that a schedule of this timing would have. Rejects with `invalid_schedule`. */
  preview(timing: Timing, count: number): number[];
  list: ScheduleRecords["list"];
  /** Rejects with `not_found`, as do the others. */
  get(query: ScheduleQuery): Promise<ScheduleRecord>;
  /** Its next due time is counted anew where its timing changes. */
  change(query: ScheduleQuery, spec: Partial<ScheduleSpec>): Promise<ScheduleRecord>;
  pause(query: ScheduleQuery): Promise<ScheduleRecord>;
  /** Due times that passed meanwhile are not made up for. */
  resume(query: ScheduleQuery): Promise<ScheduleRecord>;
  /** Starts a job at once, beside those of its due times. */
  run(query: ScheduleQuery): Promise<{ jobId: string }>;
  remove(query: ScheduleQuery): Promise<void>;
  /** Writes down what the pipelines of this process define, and forgets what they do not define any more. */
  define(): Promise<void>;
  /** Starts what is due. Any number of processes may do so at once. */
  fireDue(log: StepLog): Promise<void>;
}
