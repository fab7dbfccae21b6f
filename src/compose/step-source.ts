import type { ResolvedConfig } from "./config.ts";
import type { StepPipelinesSource } from "./step-pipelines.ts";

/** How step processes load the pipelines of a worker: from the same modules, without the rest of its settings. */
export function stepSource({ config, configFile }: Pick<ResolvedConfig, "config" | "configFile">) {
  const { maxMegapixels, maxFiles, maxFileMiB, maxDocumentMiB, ocr, pipelines, queueLimit } = config;
  const source: StepPipelinesSource = {
    settings: { maxMegapixels, maxFiles, maxFileMiB, maxDocumentMiB, ocr, pipelines, queueLimit },
    configFile,
  };
  return { loader: new URL("./step-pipelines.ts", import.meta.url).href, source };
}
