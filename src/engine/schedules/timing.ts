import { Cron } from "croner";
import type { Timing } from "../../domain/schedules.ts";
import { MillraceError } from "../../errors.ts";

const MOST_SECONDS = 366 * 24 * 3_600;

/** Throws an error that names the invalid field; also rejects a timing that is never due. */
export function checkTiming(timing: Timing, now: number): void {
  if ("everySeconds" in timing) {
    const { everySeconds } = timing;
    if (Number.isInteger(everySeconds) && everySeconds >= 1 && everySeconds <= MOST_SECONDS) return;
    throw refusal("everySeconds", `must be a whole number from 1 to ${MOST_SECONDS}`);
  }
  try {
    new Intl.DateTimeFormat("en", { timeZone: timing.timeZone });
  } catch {
    throw refusal("timeZone", `"${timing.timeZone.slice(0, 80)}" is not a time zone such as Europe/Berlin`);
  }
  let next: number | null;
  try {
    next = nextAfter(timing, now);
  } catch (error) {
    throw refusal("cron", (error as Error).message.slice(0, 200));
  }
  if (next === null) throw refusal("cron", "is never due");
}

/** The first due time after `time`; `null` if there is none. Intervals count from `time`. */
export function nextAfter(timing: Timing, time: number): number | null {
  if ("everySeconds" in timing) return time + timing.everySeconds * 1_000;
  return cronOf(timing).nextRun(new Date(time))?.getTime() ?? null;
}

/** The next due times, starting with `dueAt`. */
export function nextTimes(timing: Timing, dueAt: number, count: number): number[] {
  const times = [dueAt];
  while (times.length < count) {
    const next = nextAfter(timing, times.at(-1)!);
    if (next === null) break;
    times.push(next);
  }
  return times;
}

/** The last due time, starting with `dueAt`, that is not later than `now`. */
export function lastUpTo(timing: Timing, dueAt: number, now: number): number {
  if ("everySeconds" in timing) {
    const period = timing.everySeconds * 1_000;
    return dueAt + Math.floor((now - dueAt) / period) * period;
  }
  // A due time equal to `now` counts.
  const [last] = cronOf(timing).previousRuns(1, new Date(now + 1_000));
  const time = last?.getTime() ?? dueAt;
  if (time <= now) return Math.max(dueAt, time);
  const [before] = cronOf(timing).previousRuns(1, new Date(now));
  return Math.max(dueAt, before?.getTime() ?? dueAt);
}

function cronOf({ cron, timeZone }: Extract<Timing, { cron: string }>): Cron {
  return new Cron(cron, { timezone: timeZone, mode: "5-or-6-parts", paused: true });
}

function refusal(path: string, message: string): MillraceError {
  return new MillraceError("invalid_schedule", `${path}: ${message}`, {
    extra: { issues: [{ path, message }] },
  });
}
