import { specOf, usualTraits } from "./job-spec.ts";
import type { FileRef, JobRecord, JobSpec, TaskRecord } from "./records.ts";
import { packTrail, unpackTrail } from "./stored-trail.ts";

/**
 * How a database stores jobs and tasks: what is searched goes into columns, and the rest into JSON text, so that the
 * hot paths bind few values.
 */

export interface JobRow {
  id: string;
  owner: string;
  pipeline: string;
  state: string;
  finished_at: number | null;
  expires_at: number | null;
  spec: string;
  progress: string;
}

export interface TaskRow {
  job_id: string;
  item: number;
  owner: string;
  queue: string;
  priority: number;
  state: string;
  wake_at: number | null;
  worker: string | null;
  body: string;
  /**
   * JSON, for an item that was split and for a part. Outside the body, because older processes rewrite that without
   * them.
   */
  split: string | null;
  part: string | null;
}

type JobColumn = "id" | "owner" | "pipeline" | "state" | "finishedAt" | "expiresAt";
type Spec = JobSpec & Pick<JobRecord, "total" | "createdAt">;
type Progress = Omit<JobRecord, JobColumn | keyof Spec>;

export function jobSpec(job: JobRecord): string {
  const { total, createdAt } = job;
  const spec = { ...specOf(job), parent: job.parent ?? undefined, total, createdAt };
  return JSON.stringify(spec);
}

export function jobProgress(job: JobRecord): string {
  const { run, remaining, done, failed, cancelled, cached, failedParts, stepsDone } = job;
  const { result, resultFile, error, warnings, children, startedAt } = job;
  // Every field is here, in the spec or in a column; the compiler enforces it.
  const progress: { [Name in keyof Progress]: Progress[Name] | undefined } = {
    run,
    remaining,
    done,
    failed,
    cancelled,
    cached,
    failedParts: failedParts || undefined,
    stepsDone,
    result,
    resultFile: resultFile ?? undefined,
    error,
    warnings: warnings.length === 0 ? undefined : warnings,
    children: children.length === 0 ? undefined : children,
    startedAt,
  };
  return JSON.stringify(progress);
}

export function toJob(row: JobRow): JobRecord {
  const columns: Pick<JobRecord, JobColumn> = {
    id: row.id,
    owner: row.owner,
    pipeline: row.pipeline,
    state: row.state as JobRecord["state"],
    finishedAt: row.finished_at,
    expiresAt: row.expires_at,
  };
  // What rows omit: default values, and fields that did not exist when they were written.
  const spec = JSON.parse(row.spec) as Spec;
  const deadLetterRetentionMs = spec.retentionMs;
  const none = { parent: null, resultFile: null, warnings: [], children: [], failedParts: 0 };
  const usualValues = { ...usualTraits, deadLetterRetentionMs, ...none };
  const progress = JSON.parse(row.progress) as Omit<Progress, keyof typeof usualValues>;
  return { ...usualValues, ...spec, ...progress, ...columns };
}

/** Fields of a task with their own columns. */
type Column = "jobId" | "item" | "owner" | "queue" | "priority" | "state" | "wakeAt" | "worker";
/** Columns that few tasks use: omitted from packed tasks if `null`. */
type RareColumn = "split" | "part";
type Body = Omit<TaskRecord, Column | RareColumn>;

/** Default values, omitted from a body: it is written several times in a task's life, so it should be short. */
const usual = {
  deaths: 0,
  suspect: false,
  lease: null,
  url: null,
  options: null,
  data: null,
  dataFile: null,
  previous: null,
  previousFile: null,
  result: null,
  resultFile: null,
  error: null,
  cached: false,
  startedAt: null,
  finishedAt: null,
} satisfies Partial<Body>;
const usualNames = Object.keys(usual) as (keyof typeof usual)[];

type Rest = Omit<Body, keyof typeof usual>;

/** All fields but the columns and the default values. */
function bodyOf(task: TaskRecord): Partial<Body> {
  const { step, run, generation, attempt, name, input, inputs, outputs, trail } = task;
  // Every field is here or among the defaults; the compiler enforces it.
  const rest: { [Name in keyof Rest]: Rest[Name] | undefined } = {
    step,
    run,
    generation,
    attempt,
    name,
    input,
    inputs: inputs.length === 1 && inputs[0] === input ? undefined : inputs,
    outputs: outputs.length === 0 ? undefined : outputs,
    trail: trail.length === 0 ? undefined : packTrail(task),
  };
  const body: { [name: string]: unknown } = rest;
  for (const field of usualNames) {
    if (task[field] !== usual[field]) body[field] = task[field];
  }
  return body;
}

export function taskBody(task: TaskRecord): string {
  return JSON.stringify(bodyOf(task));
}

/** A task in transit, without its default values. */
export type PackedTask = Pick<TaskRecord, Column> & Partial<Pick<TaskRecord, RareColumn>> & Partial<Body>;

export function packTask(task: TaskRecord): PackedTask {
  const { jobId, item, owner, queue, priority, state, wakeAt, worker, split, part } = task;
  const rare = { ...(split && { split }), ...(part && { part }) };
  return { jobId, item, owner, queue, priority, state, wakeAt, worker, ...rare, ...bodyOf(task) };
}

export function splitColumn({ split }: Pick<TaskRecord, "split">): string | null {
  return split && JSON.stringify(split);
}

export function partColumn({ part }: Pick<TaskRecord, "part">): string | null {
  return part && JSON.stringify(part);
}

export function unpackTask(packed: PackedTask): TaskRecord {
  const task = {
    inputs: packed.input ? [packed.input] : [],
    outputs: [],
    trail: [],
    split: null,
    part: null,
    ...usual,
    ...packed,
  } as TaskRecord;
  unpackTrail(task);
  return task;
}

export function toTask(row: TaskRow): TaskRecord {
  return unpackTask({
    jobId: row.job_id,
    item: row.item,
    owner: row.owner,
    queue: row.queue,
    priority: row.priority,
    state: row.state as TaskRecord["state"],
    wakeAt: row.wake_at,
    worker: row.worker,
    split: row.split === null ? null : (JSON.parse(row.split) as TaskRecord["split"]),
    part: row.part === null ? null : (JSON.parse(row.part) as TaskRecord["part"]),
    ...(JSON.parse(row.body) as Partial<Body>),
  });
}

/** All files of a task: its upload, the inputs of its current step, and what its steps wrote. */
export function filesOf(task: TaskRecord): FileRef[] {
  const { input, dataFile, inputs, previousFile, part } = task;
  const single = [input, dataFile, previousFile].filter((file) => file !== null);
  const ofPart = part ? [...part.files, ...(part.dataFile ? [part.dataFile] : [])] : [];
  return [...single, ...inputs, ...[task, ...task.trail].flatMap(writtenBy), ...ofPart];
}

/** The files that a step wrote, including its result if that is a file. */
export function writtenBy({
  outputs = [],
  resultFile,
}: Partial<Pick<TaskRecord, "outputs" | "resultFile">>): FileRef[] {
  return resultFile ? [...outputs, resultFile] : outputs;
}
