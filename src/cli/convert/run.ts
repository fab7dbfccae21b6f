import type { Warning } from "../../domain/records.ts";
import type { FileView } from "../../domain/views.ts";
import { messageOf } from "../output.ts";
import type { ConvertEvent, Converter } from "./converter.ts";
import type { Input } from "./inputs.ts";
import type { ConvertOptions } from "./options.ts";
import { planTargets, writeTarget } from "./targets.ts";

export interface FileResult {
  input: string;
  state: "converted" | "failed" | "cancelled";
  /** The file that was written. */
  output: string | null;
  bytesBefore: number;
  bytesAfter: number | null;
  width: number | null;
  height: number | null;
  format: string | null;
  /** The same file was converted the same way before. */
  cached: boolean;
  /** What of the result is not as it was asked for. */
  warnings: Warning[];
  error: string | null;
}

export interface ConvertRun {
  converter: Converter;
  files: readonly Input[];
  options: ConvertOptions;
  out: string;
  force: boolean;
  /** Files in one job. */
  batch: number;
  signal: AbortSignal;
  watch: Watch;
}

/** What a progress bar is drawn from. */
export interface Watch {
  progress(index: number, fraction: number): void;
  ended(index: number, state: FileResult["state"]): void;
}

/** Jobs under way at once: the next one is sent in while one is worked on. */
const JOBS = 2;
/** Results that are written at once. */
const WRITES = 4;

/** Converts all files, in jobs. One result each, in their order; what was cancelled says so. */
export async function convertAll(run: ConvertRun): Promise<FileResult[]> {
  const stems = planTargets(run.files, run.options.format);
  const results = run.files.map(pending);
  const starts = Array.from({ length: Math.ceil(run.files.length / run.batch) }, (_, n) => n * run.batch);
  const waiting = starts.values();
  const lane = async () => {
    for (const start of waiting) await convertBatch(run, start, stems, results);
  };
  await Promise.all(Array.from({ length: JOBS }, lane));
  return results;
}

async function convertBatch(
  run: ConvertRun,
  start: number,
  stems: readonly string[],
  results: FileResult[],
): Promise<void> {
  const { converter, signal, watch } = run;
  const files = run.files.slice(start, start + run.batch);
  const write = limited(WRITES);
  const writes: Promise<void>[] = [];
  const end = (index: number, change: Partial<FileResult>) => {
    Object.assign(results[index]!, change);
    watch.ended(index, results[index]!.state);
  };
  const keep = async (index: number, artifact: FileView, told: ConvertEvent["data"]) => {
    const target = { out: run.out, stem: stems[index]!, name: artifact.name, force: run.force, signal };
    try {
      const output = await writeTarget(await converter.open(artifact.artifactId, signal), target);
      const { width = null, height = null, format = null } = (artifact.meta ?? {}) as Partial<FileResult>;
      end(index, {
        state: "converted",
        output,
        bytesAfter: artifact.bytes,
        width,
        height,
        format,
        cached: told.cached ?? false,
        warnings: told.warnings ?? [],
        error: null,
      });
    } catch (error) {
      if (!signal.aborted) end(index, { state: "failed", error: messageOf(error) });
    }
  };
  const hear = ({ type, data }: ConvertEvent) => {
    if (data.index === undefined || data.index < 0) return;
    const index = start + data.index;
    if (type === "item.progress") watch.progress(index, data.fraction ?? 0);
    else if (type === "item.retrying") watch.progress(index, 0);
    else if (type === "item.succeeded" && data.outputs?.[0]) {
      const [artifact] = data.outputs;
      writes.push(write(() => keep(index, artifact, data)));
    } else if (type === "item.failed") {
      end(index, { state: "failed", error: data.error?.message ?? "It failed." });
    }
  };

  let jobId: string | null = null;
  try {
    signal.throwIfAborted();
    jobId = await converter.submit({ files, ...run.options }, signal);
    await converter.follow(jobId, hear, signal);
  } catch (error) {
    if (signal.aborted) {
      if (jobId !== null) await converter.cancel(jobId).catch(() => {});
    } else if ((error as { code?: unknown }).code === "invalid_options") {
      throw error;
    } else {
      const lost = messageOf(error);
      await Promise.all(writes);
      for (let index = start; index < start + files.length; index++) {
        const { state, error: known } = results[index]!;
        if (state === "cancelled" && known === null) end(index, { state: "failed", error: lost });
      }
    }
  }
  await Promise.all(writes);
}

/** A file of which nothing is known yet: what remains when the command is interrupted. */
function pending(file: Input): FileResult {
  return {
    input: file.path,
    state: "cancelled",
    output: null,
    bytesBefore: file.bytes,
    bytesAfter: null,
    width: null,
    height: null,
    format: null,
    cached: false,
    warnings: [],
    error: null,
  };
}

/** Runs at most so many at once; the others wait in line. */
function limited(most: number): (task: () => Promise<void>) => Promise<void> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
