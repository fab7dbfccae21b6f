import { MOST_SPLIT_ITEMS } from "../domain/parts.ts";
import { MillraceError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { openSplit } from "../pipeline/step.ts";
import type { Pipelines } from "./engine.ts";
import { nearest } from "./nearest.ts";
import { checkTiming } from "./schedules/timing.ts";

/**
 * The pipelines of a process, in all their versions. Throws `config_invalid` for two with the same name and version,
 * unless the later one `replaces` the earlier, and for a schedule that can never be due.
 */
export function pipelineRegistry(pipelines: readonly Pipeline[]): Pipelines {
  const byName = new Map<string, Map<number, Pipeline>>();
  for (const pipeline of pipelines) {
    if (pipeline.steps.length === 0) throw new TypeError(`The pipeline ${pipeline.name} has no steps.`);
    const split = openSplit(pipeline.steps);
    if (split)
      throw new TypeError(`The pipeline ${pipeline.name} splits in "${split.name}" but never joins.`);
    if (pipeline.steps.some(({ kind }) => kind === "split") && pipeline.accepts.maxFiles > MOST_SPLIT_ITEMS) {
      throw new TypeError(
        `The pipeline ${pipeline.name} splits its items, so its maxFiles is limited to ${MOST_SPLIT_ITEMS}.`,
      );
    }
    checkSchedules(pipeline);
    const versions = byName.get(pipeline.name) ?? new Map<number, Pipeline>();
    const earlier = versions.get(pipeline.version);
    if (earlier && earlier !== pipeline && !pipeline.replaces) {
      throw new MillraceError(
        "config_invalid",
        `Two pipelines are named ${pipeline.name}, version ${pipeline.version}: "${earlier.title}" and "${pipeline.title}". Change the name or version of one, or set "replaces: true" in the second.`,
      );
    }
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

/** Error for a name that no pipeline has. Suggests the closest one. Clients do not see internal ones. */
export function unknownPipeline(
  name: string,
  pipelines: Pick<Pipelines, "list">,
  { fromInside = false } = {},
): MillraceError {
  const known = pipelines.list().filter(({ internal }) => fromInside || !internal);
  const names = known.map((one) => one.name);
  const meant = nearest(name, names);
  const hint = meant === null ? `Available pipelines: ${names.join(", ")}.` : `Did you mean ${meant}?`;
  return new MillraceError("not_found", `There is no pipeline "${name.slice(0, 80)}". ${hint}`);
}

/** An invalid schedule would hold up those of every pipeline. */
function checkSchedules({ name, schedules }: Pipeline): void {
  for (const schedule of schedules) {
    try {
      checkTiming(schedule.timing, Date.now());
    } catch (error) {
      const text = `The schedule "${schedule.name}" of the pipeline ${name} is not valid: ${(error as Error).message}.`;
      throw new MillraceError("config_invalid", text, { cause: error });
    }
  }
}
