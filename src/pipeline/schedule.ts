import type { Json } from "../domain/records.ts";

/** A schedule that a pipeline defines in its code. Its jobs belong to the owner `system`. */
export interface ScheduleDefinition {
  /** Distinguishes the schedules of a pipeline. @default "default" */
  name?: string;
  /** A cron expression of five fields, such as `30 2 * * 1-5`, or of six fields that start with seconds. */
  cron?: string;
  /** Time zone of `cron`, such as `Europe/Berlin`. @default "UTC" */
  timeZone?: string;
  /** Interval, instead of `cron`. */
  everySeconds?: number;
  options?: Json;
  items?: readonly { name?: string; data: Json }[];
  /** After an outage, start one job for the latest missed due time, or none. @default "once" */
  missed?: "once" | "skip";
  /** At a due time while the previous job is still running, start no job, or another one. @default "skip" */
  overlap?: "skip" | "queue";
}

type Timing = { cron: string; timeZone: string } | { everySeconds: number };

/** A definition with all defaults filled in. */
export interface PipelineSchedule {
  name: string;
  timing: Timing;
  options: Json;
  items: { name?: string; data: Json }[];
  missed: "once" | "skip";
  overlap: "skip" | "queue";
}

export function schedulesOf(
  pipeline: string,
  definitions: readonly ScheduleDefinition[],
): PipelineSchedule[] {
  const schedules = definitions.map((one) => {
    const { name = "default", options = {}, items = [], missed = "once", overlap = "skip" } = one;
    const timing = timingOf(one);
    if (timing === null) {
      throw new TypeError(`The schedule "${name}" of ${pipeline} needs either "cron" or "everySeconds".`);
    }
    return { name, timing, options, items: [...items], missed, overlap };
  });
  const names = schedules.map(({ name }) => name);
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice !== undefined) throw new TypeError(`${pipeline} has two schedules named "${twice}".`);
  return schedules;
}

/** `null` unless exactly one of the two is given. */
export function timingOf({
  cron,
  timeZone = "UTC",
  everySeconds,
}: Pick<ScheduleDefinition, "cron" | "timeZone" | "everySeconds">): Timing | null {
  if (cron !== undefined && everySeconds === undefined) return { cron, timeZone };
  return cron === undefined && everySeconds !== undefined ? { everySeconds } : null;
}
