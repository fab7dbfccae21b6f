import type { Pipeline } from "../../pipeline/pipeline.ts";
import { type ItemOutcome, runPipeline } from "../../testing/run-pipeline.ts";
import type { WorkFile } from "./workload.ts";

/**
 * Runs the steps of a built-in pipeline on one file, one after the other in this process: the product's step code
 * without queue and records.
 */
export async function runFile<T>(
  pipeline: Pipeline,
  file: WorkFile,
  options: object,
  signal: AbortSignal,
  read: (item: ItemOutcome) => Promise<T> | T,
): Promise<T> {
  await using run = await runPipeline(pipeline, { files: [file], options, signal });
  const [item] = run.items;
  if (!item || item.error) throw item?.error?.cause ?? new Error(item?.error?.message ?? "no item");
  return await read(item);
}
