import type { Pipelines } from "../engine/engine.ts";
import { inlinePipelines } from "./config.ts";
import { loadPipelines, type PipelineSettings } from "./load-pipelines.ts";
import { nameSelf } from "./own-name.ts";

export interface StepPipelinesSource {
  settings: PipelineSettings;
  configFile: string | null;
}

/** Runs in a step process. */
export async function loadStepPipelines(source: StepPipelinesSource): Promise<Pipelines> {
  nameSelf();
  const inline = source.configFile === null ? [] : await inlinePipelines(source.configFile);
  return loadPipelines(source.settings, inline);
}
