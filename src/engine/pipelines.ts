import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Pipelines } from "./engine.ts";

/** The pipelines of a process; a later one replaces an earlier one of the same name. */
export function pipelineRegistry(pipelines: readonly Pipeline[]): Pipelines {
  const byName = new Map<string, Pipeline>();
  for (const pipeline of pipelines) {
    if (pipeline.steps.length === 0) throw new TypeError(`The pipeline ${pipeline.name} has no steps.`);
    byName.set(pipeline.name, pipeline);
  }
  return { get: (name) => byName.get(name), list: () => [...byName.values()] };
}
