import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Pipelines } from "../engine/engine.ts";
import { pipelineRegistry } from "../engine/pipelines.ts";
import { MillraceError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { createCdnPurge, type Purger } from "../pipelines/cdn-purge/index.ts";
import { createDocumentLabel } from "../pipelines/document-label/index.ts";
import { createDocumentOcr } from "../pipelines/document-ocr/index.ts";
import { createImageConvert } from "../pipelines/image-convert/index.ts";
import { createImageDerive } from "../pipelines/image-derive/index.ts";
import { textAnswer } from "../pipelines/text-answer/index.ts";
import type { Config } from "./config.ts";

/** The settings that pipelines depend on. */
export type PipelineSettings = Pick<
  Config,
  "maxMegapixels" | "maxFiles" | "maxFileMiB" | "maxDocumentMiB" | "ocr" | "pipelines" | "queueLimit"
>;

/** Loads the built-in pipelines, and the user's own from their modules. */
export async function loadPipelines(
  config: PipelineSettings,
  inline: readonly Pipeline[],
  purger: Purger | null = null,
): Promise<Pipelines> {
  const pictures = {
    maxPixels: config.maxMegapixels * 1_000_000,
    maxFiles: config.maxFiles,
    maxFileBytes: Math.round(config.maxFileMiB * 1024 * 1024),
  };
  const builtIn = [
    createImageConvert(pictures),
    createImageDerive(pictures),
    createDocumentOcr({ maxFileBytes: Math.round(config.maxDocumentMiB * 1024 * 1024), ocr: config.ocr }),
    createDocumentLabel({ maxFileBytes: Math.round(config.maxDocumentMiB * 1024 * 1024), ocr: config.ocr }),
    textAnswer,
    createCdnPurge(purger),
  ];
  const own = (await Promise.all(config.pipelines.map(load))).flat();
  for (const pipeline of [...own, ...inline]) checkHides(pipeline, builtIn);
  const all = [...new Set([...builtIn, ...own, ...inline])];
  const { queueLimit } = config;
  const limited = queueLimit === null ? all : all.map((pipeline) => ({ ...pipeline, queueLimit }));
  for (const pipeline of limited.slice(0, builtIn.length)) builtIns.add(pipeline);
  return pipelineRegistry(limited);
}

const builtIns = new WeakSet<Pipeline>();

/** Names of the user's own pipelines, without internal ones. */
export function ownPipelines(pipelines: Pipelines): string[] {
  return pipelines
    .list()
    .filter((pipeline) => !builtIns.has(pipeline) && !pipeline.internal)
    .map(({ name }) => name);
}

/** A newer version of a built-in pipeline replaces it for clients, so its author must ask for that explicitly. */
function checkHides(pipeline: Pipeline, builtIn: readonly Pipeline[]): void {
  const hidden = builtIn.find(({ name, version }) => name === pipeline.name && version < pipeline.version);
  if (!hidden || pipeline.replaces) return;
  const text = `The pipeline ${pipeline.name}, version ${pipeline.version}, "${pipeline.title}", hides a built-in one. Rename it, or set "replaces: true" in it.`;
  throw new MillraceError("config_invalid", text);
}

/** Every pipeline that a module exports, under any name. */
async function load(path: string): Promise<Pipeline[]> {
  const module = (await import(pathToFileURL(path).href).catch((error: Error) => {
    const text = existsSync(path)
      ? `The pipelines in ${path} cannot be loaded: ${error.message}`
      : `There is no file ${path} to load pipelines from.`;
    throw new MillraceError("config_invalid", text, { cause: error });
  })) as Record<string, unknown>;
  const found = Object.values(module).flat().filter(isPipeline);
  if (found.length === 0) {
    throw new MillraceError("config_invalid", `${path} exports no pipeline made with definePipeline.`);
  }
  return [...new Set(found)];
}

function isPipeline(value: unknown): value is Pipeline {
  const candidate = value as Partial<Pipeline> | null;
  return (
    typeof candidate === "object" && typeof candidate?.name === "string" && Array.isArray(candidate.steps)
  );
}
