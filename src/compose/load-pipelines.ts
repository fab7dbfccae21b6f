import { pathToFileURL } from "node:url";
import type { Pipelines } from "../engine/engine.ts";
import { pipelineRegistry } from "../engine/pipelines.ts";
import { MillraceError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { createImageConvert } from "../pipelines/image-convert/index.ts";
import type { Config } from "./config.ts";

/** The settings that pipelines are made from. */
export type PipelineSettings = Pick<
  Config,
  "maxMegapixels" | "maxFiles" | "maxFileMiB" | "pipelines" | "queueLimit"
>;

/** The built-in pipelines, and the user's own by their modules. */
export async function loadPipelines(
  config: PipelineSettings,
  inline: readonly Pipeline[],
): Promise<Pipelines> {
  const builtIn = [
    createImageConvert({
      maxPixels: config.maxMegapixels * 1_000_000,
      maxFiles: config.maxFiles,
      maxFileBytes: Math.round(config.maxFileMiB * 1024 * 1024),
    }),
  ];
  const own = (await Promise.all(config.pipelines.map(load))).flat();
  for (const pipeline of [...own, ...inline]) checkHides(pipeline, builtIn);
  const all = [...new Set([...builtIn, ...own, ...inline])];
  const { queueLimit } = config;
  return pipelineRegistry(queueLimit === null ? all : all.map((pipeline) => ({ ...pipeline, queueLimit })));
}

/** Whoever takes a newer version of a built-in for their own takes its place with clients: they have to say so. */
function checkHides(pipeline: Pipeline, builtIn: readonly Pipeline[]): void {
  const hidden = builtIn.find(({ name, version }) => name === pipeline.name && version < pipeline.version);
  if (!hidden || pipeline.replaces) return;
  const text = `The pipeline ${pipeline.name} of version ${pipeline.version}, "${pipeline.title}", hides the built-in one. Give it another name, or say "replaces: true" in it.`;
  throw new MillraceError("config_invalid", text);
}

/** Every pipeline that a module exports, under any name. */
async function load(path: string): Promise<Pipeline[]> {
  const module = (await import(pathToFileURL(path).href).catch((error: Error) => {
    throw new MillraceError("config_invalid", `The pipelines in ${path} cannot be loaded: ${error.message}`, {
      cause: error,
    });
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
