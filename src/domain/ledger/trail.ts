import type { JobRecord, PlanStep, TaskRecord, TrailEntry } from "../records.ts";

/** How a step of a task succeeded. */
export function trailEntry(
  { run }: Pick<JobRecord, "run">,
  { name }: Pick<PlanStep, "name">,
  { warnings, children, ...entry }: Omit<TrailEntry, "step" | "run">,
): TrailEntry {
  const told = { ...(warnings?.length && { warnings }), ...(children?.length && { children }) };
  return { step: name, ...(run > 1 && { run }), ...entry, ...told };
}

/** Saves what a task made at its current step, if it succeeded, before the task leaves the step. */
export function keepMade({ plan }: Pick<JobRecord, "plan">, task: TaskRecord): void {
  const last = task.trail.at(-1);
  if (!last || last.step !== plan[task.step]?.name || last.startedAt !== undefined) return;
  const { outputs, result, resultFile, startedAt } = task;
  const made = {
    ...(outputs.length > 0 && { outputs }),
    ...(result !== null && { result }),
    ...(resultFile && { resultFile }),
  };
  task.trail = task.trail.with(-1, { ...last, startedAt: last.cached ? null : startedAt, ...made });
}

/** Drops the steps after this one, because they will run again. */
export function cutTrail({ plan }: Pick<JobRecord, "plan">, task: TaskRecord, after: number): void {
  const kept = new Set(plan.slice(0, after + 1).map(({ name }) => name));
  task.trail = task.trail.filter(({ step }) => kept.has(step));
}
