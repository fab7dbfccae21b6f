import type { AttemptRecord, FileRef, JobRecord, Json, TaskRecord, TrailEntry, Warning } from "./records.ts";
import { JOB_ITEM } from "./records.ts";
import type { ItemState } from "./states.ts";
import { type FileView, failureView, fileView, iso, itemState } from "./views.ts";

/** The steps of an item, a part or a job as clients read them: those that have ended, and the current one. */
export interface StepView {
  name: string;
  state: ItemState;
  attempt: number;
  /** Start of its last attempt; `null` if none has begun, or if the result was cached. */
  startedAt: string | null;
  /** Duration of its last attempt; `null` until it has ended. */
  ms: number | null;
  cached: boolean;
  outputs: FileView[];
  result: Json;
  resultFile: FileView | null;
  warnings: Warning[];
  error: { code: string; message: string } | null;
}

export function stepsView(job: JobRecord, task: TaskRecord): StepView[] {
  const ended = trailOf(task).map((entry) => endedStep(entry, madeBy(job, task, entry)));
  const present = presentStep(job, task);
  return present ? [...ended, present] : ended;
}

/** The files that the steps of a task wrote, by step. */
export function writtenBySteps(job: JobRecord, task: TaskRecord): { step: string; made: Made }[] {
  return trailOf(task).map((entry) => ({ step: entry.step, made: madeBy(job, task, entry) }));
}

/** The files of all `all` steps, in order. */
export function jobOutputs(job: JobRecord, task: TaskRecord | undefined): FileRef[] {
  return task ? writtenBySteps(job, task).flatMap(({ made }) => made.outputs) : [];
}

interface Made {
  startedAt: number | null;
  outputs: FileRef[];
  result: Json;
  resultFile: FileRef | null;
}

/** Deduplicates steps, because a process of an older version may have recorded one twice. */
function trailOf({ trail }: Pick<TaskRecord, "trail">): TrailEntry[] {
  return [...new Map(trail.map((entry) => [entry.step, entry])).values()];
}

/** What a step made; for the current step, the task itself has it. */
function madeBy({ plan }: JobRecord, task: TaskRecord, entry: TrailEntry): Made {
  if (entry.startedAt === undefined && entry.step === plan[task.step]?.name) {
    const { startedAt, outputs, result, resultFile } = task;
    return { startedAt: entry.cached ? null : startedAt, outputs, result, resultFile };
  }
  const { startedAt = null, outputs = [], result = null, resultFile = null } = entry;
  return { startedAt, outputs, result, resultFile };
}

function endedStep({ step, attempt, cached, ms, warnings = [] }: TrailEntry, made: Made): StepView {
  return {
    name: step,
    state: "succeeded",
    attempt,
    startedAt: iso(made.startedAt),
    ms,
    cached,
    outputs: made.outputs.map(fileView),
    result: made.result,
    resultFile: made.resultFile && fileView(made.resultFile),
    warnings,
    error: null,
  };
}

/** The step at which a task waits, runs or failed; `null` if there is none. */
function presentStep(job: JobRecord, task: TaskRecord): StepView | null {
  const step = job.plan[task.step];
  if (!step || (step.kind === "all") !== (task.item === JOB_ITEM)) return null;
  const { state, attempt, startedAt, finishedAt, error } = task;
  if (state === "succeeded" || state === "split" || state === "refused") return null;
  // Its items run again, and it will begin again after them.
  if (state === "cancelled" && task.item === JOB_ITEM && job.finishedAt === null) return null;
  return {
    name: step.name,
    state: itemState(task),
    attempt,
    startedAt: iso(startedAt),
    ms: startedAt !== null && finishedAt !== null ? Math.max(0, finishedAt - startedAt) : null,
    cached: false,
    outputs: [],
    result: null,
    resultFile: null,
    warnings: [],
    error: failureView(error),
  };
}

/** What operators read of one attempt. */
export interface AttemptView {
  step: string;
  run: number;
  attempt: number;
  outcome: "running" | "succeeded" | AttemptRecord["outcome"];
  cached: boolean;
  worker: string | null;
  startedAt: string | null;
  ms: number | null;
  error: AttemptRecord["error"];
}

/** All known attempts at a task, in order. */
export function attemptsView(
  job: JobRecord,
  task: TaskRecord,
  failed: readonly AttemptRecord[],
): AttemptView[] {
  const succeeded = trailOf(task).map(({ step, run = 1, attempt, cached, worker = null, ms, ...entry }) => ({
    ...{ step, run, attempt, outcome: "succeeded" as const, cached, worker, ms, error: null },
    startedAt: madeBy(job, task, { step, attempt, cached, ms, ...entry }).startedAt,
  }));
  const others = failed.map(({ jobId: _, item: __, generation: ___, ...attempt }) => ({
    ...attempt,
    cached: false,
  }));
  const { run, attempt, worker, startedAt } = task;
  const running = {
    ...{ step: job.plan[task.step]?.name ?? "", run, attempt, outcome: "running" as const },
    ...{ cached: false, worker, startedAt, ms: null, error: null },
  };
  const all = [...succeeded, ...others, ...(task.state === "leased" ? [running] : [])];
  const place = (name: string) => job.plan.findIndex((step) => step.name === name);
  return all
    .sort((a, b) => a.run - b.run || place(a.step) - place(b.step) || (a.startedAt ?? 0) - (b.startedAt ?? 0))
    .map((one) => ({ ...one, startedAt: iso(one.startedAt) }));
}
