import type { Attempt } from "../api/contract.ts";

/** From the first start to the last end, in ms since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** @param now end of attempts that are still running */
export function spanOf(attempts: readonly Attempt[], now: number): Span {
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { startedAt, ms } of attempts) {
    if (startedAt === null) continue;
    const start = Date.parse(startedAt);
    starts.push(start);
    ends.push(ms === null ? Math.max(now, start) : start + ms);
  }
  if (starts.length === 0) return { from: now, to: now };
  return { from: Math.min(...starts), to: Math.max(...ends) };
}

/** Position of an attempt in the span, in percent, at least wide enough to see. `null` if it has not started. */
export function placeOf(
  { startedAt, ms }: Attempt,
  { from, to }: Span,
  now: number,
): { left: number; width: number } | null {
  if (startedAt === null) return null;
  const whole = Math.max(1, to - from);
  const start = Date.parse(startedAt) - from;
  const length = ms ?? Math.max(0, now - from - start);
  const width = Math.min(100, Math.max(0.8, (length / whole) * 100));
  return { left: Math.min(100 - width, Math.max(0, (start / whole) * 100)), width };
}

/** Groups attempts by task, in order of appearance. */
export function tasksOf(attempts: readonly Attempt[]): Attempt[][] {
  const tasks = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const task = tasks.get(attempt.taskId);
    if (task) task.push(attempt);
    else tasks.set(attempt.taskId, [attempt]);
  }
  return [...tasks.values()];
}
