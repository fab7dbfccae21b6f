import type { CreateJob, NewChild } from "../domain/commands.ts";
import { derivedId, taskId, timeOfId } from "../domain/ids.ts";
import type { FileRef, JobRecord, TaskRecord } from "../domain/records.ts";
import { MillraceError } from "../errors.ts";
import { MOST_ITEMS } from "../pipeline/accepts.ts";
import type { StepContext, Submission } from "../pipeline/context.ts";
import type { Engine } from "./engine.ts";

/** Most levels of jobs below one that a client started. */
const MAX_DEPTH = 8;
/** Most jobs that one step may start. */
const MAX_CHILDREN = 1_000;
const KEY_CHARACTERS = 200;

export interface SubmissionParts {
  prepare: Engine["prepare"];
  job: JobRecord;
  task: TaskRecord;
  /** The record of a file that the step may read. */
  find(file: { artifactId: string }): Promise<FileRef>;
  /** Called for blobs with a child's data, which belong to the attempt until it is settled. */
  onPinned(blob: string): void;
}

/** Collects the jobs that one attempt starts. */
export function collectSubmissions(parts: SubmissionParts) {
  const { job, task } = parts;
  const children = new Map<string, NewChild>();
  const step = job.plan[task.step]!.name;
  const depth = (job.parent?.depth ?? 0) + 1;
  let items = 0;

  const submit: StepContext<unknown>["submit"] = async (key, pipeline, work = {}) => {
    check(key, children, depth);
    const { options = {}, files = [], items: data = [], priority = job.priority, metadata } = work;
    items += Math.max(1, files.length, data.length);
    if (items > MOST_ITEMS) throw tooMany("items", MOST_ITEMS);
    const records = await Promise.all(files.map(parts.find));
    const prepared: CreateJob = await parts.prepare({
      id: derivedId(timeOfId(job.id), taskId(job.id, task.item), step, key),
      owner: job.owner,
      pipeline: typeof pipeline === "string" ? pipeline : pipeline.name,
      options,
      files: records.map(({ name, mediaType, bytes, sha256, blob }) => ({
        ...{ name, mediaType, bytes, sha256, blob },
        pin: null,
      })),
      items: data,
      priority: checkedPriority(priority),
      metadata,
      startAt: timeOf(work),
      fromInside: true,
      parent: { jobId: job.id, item: task.item, step, depth },
    });
    for (const blob of prepared.pinned) parts.onPinned(blob);
    children.set(key, { key, job: prepared });
    return { jobId: prepared.id };
  };
  return { submit, list: (): NewChild[] => [...children.values()] };
}

function check(key: string, known: ReadonlyMap<string, unknown>, depth: number): void {
  if (typeof key !== "string" || key === "" || key.length > KEY_CHARACTERS) {
    throw new TypeError(`The key of a job must be a text of 1 to ${KEY_CHARACTERS} characters.`);
  }
  if (known.has(key)) throw new TypeError(`The step has already started a job with the key "${key}".`);
  if (known.size >= MAX_CHILDREN) throw tooMany("jobs", MAX_CHILDREN);
  if (depth > MAX_DEPTH) {
    const text = `Jobs can be nested at most ${MAX_DEPTH} levels deep. This would be level ${depth}.`;
    throw new MillraceError("too_deep", text, { extra: { limit: MAX_DEPTH } });
  }
}

function tooMany(what: string, limit: number): MillraceError {
  const text = `The jobs that one step starts can have at most ${limit} ${what} in total.`;
  return new MillraceError(
    "too_many_items",
    what === "jobs" ? `A step can start at most ${limit} jobs.` : text,
    {
      extra: { limit },
    },
  );
}

function checkedPriority(priority: number): number {
  if (Number.isInteger(priority) && priority >= 0 && priority <= 9) return priority;
  throw new TypeError(`The priority of a job must be a whole number from 0 to 9, not ${priority}.`);
}

function timeOf({ startAt }: Submission): number | undefined {
  if (startAt === undefined) return undefined;
  const time = new Date(startAt).getTime();
  if (!Number.isNaN(time)) return time;
  throw new TypeError("startAt must be a date.");
}
