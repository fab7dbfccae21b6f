import { canonical } from "../domain/ledger/content-key.ts";
import type { PlanStep } from "../domain/records.ts";
import type { Pipeline, Step } from "../pipeline/pipeline.ts";

/** The queue of a step. Versions have queues of their own, so that a worker consumes only those it has. */
export function queueName(pipeline: Pick<Pipeline, "name" | "version">, step: Pick<Step, "name">): string {
  const version = pipeline.version > 1 ? `@${pipeline.version}` : "";
  return `${pipeline.name}${version}/${step.name}`;
}

/**
 * What a job keeps of its pipeline.
 * @param content the options as they count for the content key: files by their hash
 */
export function planOf(pipeline: Pipeline, owner: string, content: unknown): PlanStep[] {
  const scope = pipeline.shareable ? "*" : owner;
  return pipeline.steps.map((step) => ({
    name: step.name,
    kind: step.kind,
    queue: queueName(pipeline, step),
    attempts: step.attempts,
    timeoutMs: step.timeoutMs,
    backoff: step.backoff,
    needs: step.needs,
    keepMemos: step.keepMemos,
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
          ])
        : null,
  }));
}
