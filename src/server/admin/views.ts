import { z } from "zod";
import { partAt } from "../../domain/parts.ts";
import { JOB_ITEM, type JobRecord } from "../../domain/records.ts";
import { jobStates } from "../../domain/states.ts";
import { iso, progressOf } from "../../domain/views.ts";
import { component } from "../api-schemas.ts";

/** Schemas that several operator routes share. */

export const time = z.iso.datetime();
export const maybeTime = time.nullable();
export const count = z.int().min(0);

/** An error with the fields that only operators see. */
export const operatorFailure = component(
  "OperatorFailure",
  z.object({
    code: z.string(),
    message: z.string(),
    detail: z
      .string()
      .optional()
      .describe("The full text and stack trace of an error that the step did not declare."),
  }),
);

export const operatorJob = component(
  "OperatorJob",
  z.object({
    id: z.string(),
    owner: z.string(),
    pipeline: z.string(),
    pipelineVersion: z.int(),
    state: z.enum(jobStates),
    priority: z.int(),
    metadata: z.record(z.string(), z.string()),
    run: z.int(),
    progress: z.object({ total: count, done: count, failed: count, cached: count, fraction: z.number() }),
    error: operatorFailure.nullable(),
    name: z.string().nullable().describe("Name of its first item, usually a file name."),
    createdAt: time,
    startAt: maybeTime,
    startedAt: maybeTime,
    finishedAt: maybeTime,
    expiresAt: maybeTime,
  }),
);

/** @param name of the first item */
export function operatorJobView(job: JobRecord, name: string | null): z.output<typeof operatorJob> {
  return {
    id: job.id,
    owner: job.owner,
    pipeline: job.pipeline,
    pipelineVersion: job.version,
    state: job.state,
    priority: job.priority,
    metadata: job.metadata,
    run: job.run,
    progress: progressOf(job),
    error: job.error,
    name,
    createdAt: iso(job.createdAt)!,
    startAt: iso(job.startAt),
    startedAt: iso(job.startedAt),
    finishedAt: iso(job.finishedAt),
    expiresAt: iso(job.expiresAt),
  };
}

/** Position of a task in its job. `index` is `null` for a step of the whole job. */
export function placeOf(item: number): { index: number | null; part: number | null } {
  const part = partAt(item);
  if (part) return { index: part.item, part: part.part };
  return { index: item === JOB_ITEM ? null : item, part: null };
}
