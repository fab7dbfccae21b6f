import { canonical } from "../domain/ledger/content-key.ts";
import type { PlanStep } from "../domain/records.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Step } from "../pipeline/step.ts";
import { fetchStep, stepsOf } from "./fetch-step.ts";

/** The queue of a step. Versions have queues of their own, so that a worker consumes only those it has. */
export function queueName(pipeline: Pick<Pipeline, "name" | "version">, step: Pick<Step, "name">): string {
  const version = pipeline.version > 1 ? `@${pipeline.version}` : "";
  return `${pipeline.name}${version}/${step.name}`;
}

/** The queue in which the tasks of a new job wait. */
export function firstQueue(pipeline: Pipeline, fetches: boolean): string {
  return queueName(pipeline, (fetches && fetchStep(pipeline)) || pipeline.steps[0]!);
}

/**
 * What a job keeps of its pipeline.
 * @param scope whose results it may reuse: `*` for everyone's
 * @param content the options as they count for the content key: files by their hash
 * @param fetches whether it names files by URL
 */
export function planOf(pipeline: Pipeline, scope: string, content: unknown, fetches = false): PlanStep[] {
  const steps = fetches ? stepsOf(pipeline) : pipeline.steps;
  return steps.map((step) => ({
    name: step.name,
    kind: step.kind,
    queue: queueName(pipeline, step),
    attempts: step.attempts,
    timeoutMs: step.timeoutMs,
    backoff: step.backoff,
    needs: step.needs,
    keepMemos: step.keepMemos,
    ...(step.unordered && { unordered: true }),
    cacheKey:
      step.cache === "inputs"
        ? canonical([
            scope,
            pipeline.name,
            pipeline.version,
            step.name,
            step.version,
            pipeline.tools,
            content,
            ...(step.unordered ? ["unordered"] : []),
          ])
        : null,
  }));
}
