import type { Pipelines } from "../engine/engine.ts";
import { inlinePipelines, type ResolvedConfig } from "./config.ts";
import { loadPipelines, type PipelineSettings } from "./load-pipelines.ts";
import { nameSelf } from "./own-name.ts";

interface Source {
  settings: PipelineSettings;
  configFile: string | null;
}

/** How step processes come to the pipelines of a worker: by the same modules, and with nothing else of its settings. */
export function stepSource({ config, configFile }: Pick<ResolvedConfig, "config" | "configFile">) {
  const { maxMegapixels, maxFiles, maxFileMiB, pipelines, queueLimit } = config;
  const settings: PipelineSettings = { maxMegapixels, maxFiles, maxFileMiB, pipelines, queueLimit };
  const source: Source = { settings, configFile };
  return { loader: import.meta.url, source };
}

/** In a step process. */
export async function loadStepPipelines(source: Source): Promise<Pipelines> {
  nameSelf();
  const inline = source.configFile === null ? [] : await inlinePipelines(source.configFile);
  return loadPipelines(source.settings, inline);
}
