import { keyPrefix } from "../domain/ledger/content-key.ts";
import type { PlanStep } from "../domain/records.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Step } from "../pipeline/step.ts";
import { fetchStep, stepsOf } from "./fetch-step.ts";

/** The queue of a step. Each version has its own queues, so that a worker consumes only the versions it has. */
export function queueName(pipeline: Pick<Pipeline, "name" | "version">, step: Pick<Step, "name">): string {
  const version = pipeline.version > 1 ? `@${pipeline.version}` : "";
  return `${pipeline.name}${version}/${step.name}`;
}

/** The queue in which the tasks of a new job wait. */
export function firstQueue(pipeline: Pipeline, fetches: boolean): string {
  return queueName(pipeline, (fetches && fetchStep(pipeline)) || pipeline.steps[0]!);
}

/**
 * The part of its pipeline that a job keeps.
 * @param scope whose results it may reuse: `*` for everyone's
 * @param content the options as they enter the content key: files by their hash
 * @param fetches whether it names files by URL
 */
export function planOf(pipeline: Pipeline, scope: string, content: unknown, fetches = false): PlanStep[] {
  const steps = fetches ? stepsOf(pipeline) : pipeline.steps;
  const prefix = (step: Step, options: unknown) =>
    keyPrefix(
      {
        ...{ scope, pipeline: pipeline.name, pipelineVersion: pipeline.version },
        ...{ step: step.name, stepVersion: step.version, tools: pipeline.tools },
      },
      options,
      step,
    );
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
    cacheKey: step.cache === "inputs" ? prefix(step, content) : null,
    ...(step.cache === "inputs" &&
      step.reversed && { reversedKey: prefix(step, step.reversed(content as never)) }),
  }));
}
