import { MOST_SPLIT_ITEMS } from "../domain/parts.ts";
import { openSplit, type Pipeline } from "../pipeline/pipeline.ts";
import type { Pipelines } from "./engine.ts";

/** The pipelines of a process, in all their versions; a later one replaces an earlier one of the same version. */
export function pipelineRegistry(pipelines: readonly Pipeline[]): Pipelines {
  const byName = new Map<string, Map<number, Pipeline>>();
  for (const pipeline of pipelines) {
    if (pipeline.steps.length === 0) throw new TypeError(`The pipeline ${pipeline.name} has no steps.`);
    const split = openSplit(pipeline.steps);
    if (split)
      throw new TypeError(`The pipeline ${pipeline.name} splits in "${split.name}" and never joins.`);
    if (pipeline.steps.some(({ kind }) => kind === "split") && pipeline.accepts.maxFiles > MOST_SPLIT_ITEMS) {
      throw new TypeError(
        `The pipeline ${pipeline.name} splits its items, so that its maxFiles may be at most ${MOST_SPLIT_ITEMS}.`,
      );
    }
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
