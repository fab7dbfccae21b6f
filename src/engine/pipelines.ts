import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Pipelines } from "./engine.ts";

/** The pipelines of a process, in all their versions; a later one replaces an earlier one of the same version. */
export function pipelineRegistry(pipelines: readonly Pipeline[]): Pipelines {
  const byName = new Map<string, Map<number, Pipeline>>();
  for (const pipeline of pipelines) {
    if (pipeline.steps.length === 0) throw new TypeError(`The pipeline ${pipeline.name} has no steps.`);
    const versions = byName.get(pipeline.name) ?? new Map<number, Pipeline>();
    byName.set(pipeline.name, versions.set(pipeline.version, pipeline));
  }
  const newest = (versions: Map<number, Pipeline>) => versions.get(Math.max(...versions.keys()))!;
  return {
    get(name, version) {
      const versions = byName.get(name);
      return versions && (version === undefined ? newest(versions) : versions.get(version));
    },
    list: () => [...byName.values()].map(newest),
    versions: () => [...byName.values()].flatMap((versions) => [...versions.values()]),
  };
}
