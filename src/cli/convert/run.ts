import { join } from "node:path";
import { splitExtension } from "../../domain/file-name.ts";
import type { Warning } from "../../domain/records.ts";
import type { FileView } from "../../domain/views.ts";
import { messageOf } from "../output.ts";
import type { ConvertEvent, Converter } from "./converter.ts";
import type { Input } from "./inputs.ts";
import type { ConvertOptions } from "./options.ts";
import { pageSuffix, writeStandardOutput, writeTarget } from "./targets.ts";

export interface FileResult {
  input: string;
  state: "converted" | "failed" | "cancelled";
  /** Path of the first written file. `null` on standard output. */
  output: string | null;
  /** Paths of all written files: one per page with `--pages all`. */
  outputs: string[];
  bytesBefore: number;
  bytesAfter: number | null;
  width: number | null;
  height: number | null;
  format: string | null;
  /** The result comes from the cache. */
  cached: boolean;
  /** Ways in which the result differs from the request. */
  warnings: Warning[];
  error: string | null;
}

/** A file with the name of its result, without extension. */
export interface Planned extends Input {
  stem: string;
}

export interface ConvertRun {
  converter: Converter;
  files: readonly Planned[];
  options: ConvertOptions;
  /** Output folder. `null` for standard output. */
  out: string | null;
  force: boolean;
  /** Files per job. */
  batch: number;
  signal: AbortSignal;
  watch: Watch;
}

/** Progress for a progress bar. */
export interface Watch {
  progress(index: number, fraction: number): void;
  ended(index: number, state: FileResult["state"]): void;
}

/** Concurrent jobs, so that one uploads while another runs. */
const JOBS = 2;
/** Concurrent writes of results. */
const WRITES = 4;

/** Converts all files in jobs. Returns one result per file, in order, including cancelled ones. */
export async function convertAll(run: ConvertRun): Promise<FileResult[]> {
  const results = run.files.map(pending);
  const starts = Array.from({ length: Math.ceil(run.files.length / run.batch) }, (_, n) => n * run.batch);
  const waiting = starts.values();
  const lane = async () => {
    for (const start of waiting) await convertBatch(run, start, results);
  };
  await Promise.all(Array.from({ length: JOBS }, lane));
  return results;
}

async function convertBatch(run: ConvertRun, start: number, results: FileResult[]): Promise<void> {
  const { converter, signal, watch } = run;
  const files = run.files.slice(start, start + run.batch);
  const write = limited(WRITES);
  const writes: Promise<void>[] = [];
  const end = (index: number, change: Partial<FileResult>) => {
    Object.assign(results[index]!, change);
    watch.ended(index, results[index]!.state);
  };
  const keep = async (index: number, artifacts: readonly FileView[], told: ConvertEvent["data"]) => {
    try {
      const outputs = await deliver(run, run.files[index]!.stem, artifacts);
      const {
        width = null,
        height = null,
        format = null,
      } = (artifacts[0]!.meta ?? {}) as Partial<FileResult>;
      end(index, {
        state: "converted",
        output: outputs[0] ?? null,
        outputs,
        bytesAfter: artifacts.reduce((sum, { bytes }) => sum + bytes, 0),
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
      const { outputs } = data;
      writes.push(write(() => keep(index, outputs, data)));
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

/** Writes the results of a file, one per page. Returns their paths; none for standard output. */
async function deliver(run: ConvertRun, stem: string, artifacts: readonly FileView[]): Promise<string[]> {
  const { converter, out, force, signal } = run;
  if (out === null && artifacts.length > 1) {
    const text = `It has ${artifacts.length} pages, which become separate files. Write them to a folder with --out.`;
    throw new Error(text);
  }
  const paths: string[] = [];
  for (const { artifactId, name, meta } of artifacts) {
    const content = await converter.open(artifactId, signal);
    if (out === null) {
      await writeStandardOutput(content, signal);
      continue;
    }
    const { page } = (meta ?? {}) as { page?: number };
    const path = join(out, stem + (page === undefined ? "" : pageSuffix(page)) + splitExtension(name)[1]);
    paths.push(await writeTarget(content, { path, force, signal }));
  }
  return paths;
}

/** Initial state of a file, which stays if the command is interrupted. */
function pending(file: Input): FileResult {
  return {
    input: file.path,
    state: "cancelled",
    output: null,
    outputs: [],
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

/** Limits concurrent tasks. The others wait in line. */
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
