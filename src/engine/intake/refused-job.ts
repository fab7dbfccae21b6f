import type { CreateJob } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import { traitsOf } from "../../domain/job-spec.ts";
import type { Failure, PlanStep } from "../../domain/records.ts";
import type { Pipeline } from "../../pipeline/pipeline.ts";
import type { JobRequest } from "../engine.ts";
import { planOf, queueName } from "../plan.ts";
import { type Retention, traceOf } from "./prepare-job.ts";

/** A job that fails at creation. Keeps the name of its pipeline even if that is unknown. */
export function refusedJob(
  request: JobRequest,
  refusal: Failure,
  pipeline: Pipeline | undefined,
  { now, retentionMs, deadLetterRetentionMs }: Retention & { now: number },
): CreateJob {
  const { owner, id = newId(now), pipeline: name } = request;
  return {
    id,
    now,
    owner,
    ...{ pipeline: name, version: pipeline?.version ?? 1, options: {} },
    plan: pipeline ? planOf(pipeline, owner, null) : [submitStep(name)],
    ...traitsOf(request),
    ...traceOf(request),
    startAt: null,
    parent: null,
    ...{ retentionMs, deadLetterRetentionMs },
    items: [{ name: "", error: refusal }],
    ...{ attachments: [], pinned: [], reservation: null, idempotency: null },
  };
}

/** Every job needs a plan; the only step of this one never runs. */
function submitStep(pipeline: string): PlanStep {
  const name = "submit";
  return {
    ...{ name, kind: "each", queue: queueName({ name: pipeline, version: 1 }, { name }) },
    ...{ keepMemos: false, cacheKey: null, needs: "some" },
    ...{ attempts: 1, timeoutMs: 1, backoff: { baseMs: 0, maxMs: 0 } },
  };
}
