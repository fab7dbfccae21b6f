import type { ResolvedConfig } from "./config.ts";
import type { StepPipelinesSource } from "./step-pipelines.ts";

/** How step processes come to the pipelines of a worker: by the same modules, and with nothing else of its settings. */
export function stepSource({ config, configFile }: Pick<ResolvedConfig, "config" | "configFile">) {
  const { maxMegapixels, maxFiles, maxFileMiB, pipelines, queueLimit } = config;
  const source: StepPipelinesSource = {
    settings: { maxMegapixels, maxFiles, maxFileMiB, pipelines, queueLimit },
    configFile,
  };
  return { loader: new URL("./step-pipelines.ts", import.meta.url).href, source };
}
