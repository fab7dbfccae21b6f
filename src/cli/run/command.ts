import { glob, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Client, Job, JobItem, Page } from "../../client/index.ts";
import { cachedOf } from "../cached.ts";
import { causeHint } from "../causes.ts";
import { type ClientFlags, serverOf } from "../client/flags.ts";
import { pipelineNamed } from "../client/pipelines.ts";
import { STANDARD_OUTPUT } from "../convert/targets.ts";
import { dataItemsOf } from "../data-items.ts";
import { downloadResults } from "../download.ts";
import { onInterrupt } from "../interrupt.ts";
import { exitCode, printJson, usageError } from "../output.ts";
import { printable } from "../table.ts";
import { PATIENCE, watchJob } from "../watch.ts";
import { fileAt, optionsOf, pairOf } from "./options.ts";

export interface RunFlags extends ClientFlags {
  option: string[];
  metadata: string[];
  data?: string;
  priority?: number;
  startAt?: string;
  idempotencyKey?: string;
  out?: string;
  force?: boolean;
  detach?: boolean;
}

/** Submits a job, watches it, and downloads its results. */
export async function run(pipeline: string, given: string[], flags: RunFlags): Promise<void> {
  const server = serverOf(flags);
  if (flags.data !== undefined && given.length > 0)
    throw usageError("A job takes either files or items of data: name files or use --data, not both.");
  if (flags.json && flags.out === STANDARD_OUTPUT)
    throw usageError("--json and --out - both need standard output: choose one.");
  const work = {
    options: await optionsOf(flags.option),
    files: await filesOf(given),
    ...(flags.metadata.length > 0 && {
      metadata: Object.fromEntries(flags.metadata.map((text) => pairOf(text, "--metadata"))),
    }),
    ...(flags.priority !== undefined && { priority: flags.priority }),
    ...(flags.startAt !== undefined && { startAt: flags.startAt }),
  };
  const interruption = onInterrupt();
  const { signal } = interruption;
  let id: string | null = null;
  try {
    const submitting = { signal, waitForRoom: true, idempotencyKey: flags.idempotencyKey, ...PATIENCE };
    // Fail fast if there is no server: this first request does not retry.
    const known = await pipelineNamed(server, pipeline, flags, { signal });
    const items = flags.data === undefined ? [] : await dataItemsOf(flags.data, known);
    const job = items.length > 0 ? { ...work, items } : work;
    const created = await server.submit(pipeline, job, submitting);
    id = created.id;
    if (flags.detach) {
      if (flags.json) printJson(created);
      else console.log(created.id);
      return;
    }
    const ended = await watchJob(server, id, signal);
    await report(server, ended, flags, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    if (id !== null) await server.cancel(id).catch(() => {});
    console.error(`millrace: Interrupted.${id === null ? "" : ` The job ${id} was canceled.`}`);
    process.exitCode = exitCode.interrupted;
  } finally {
    interruption.stop();
  }
}

/**
 * Prints how a job ended, downloads its files if there is an output folder, and sets the exit code. Prints the results
 * if no file was written.
 */
export async function report(
  server: Client,
  job: Job,
  flags: ClientFlags & { out?: string; force?: boolean },
  signal: AbortSignal,
): Promise<void> {
  if (job.state !== "succeeded") process.exitCode = exitCode.failed;
  const piped = flags.out === STANDARD_OUTPUT;
  const print = piped ? console.error : console.log;
  // Print this first, so that the user can find the job even if a download fails.
  const cached = cachedOf(job);
  if (!flags.json) print(`${job.id}  ${job.state}${cached && ` (${cached})`}`);
  const options = { out: piped ? null : resolve(flags.out ?? "."), force: flags.force ?? false, signal };
  const fetches = flags.out !== undefined && !(piped && job.state === "failed");
  const written = fetches ? await downloadResults(server, job.id, options) : [];
  if (flags.json) return printJson({ ...job, written });
  const showsResults = written.length === 0 && !piped;
  const showsItems = showsResults && job.result === null;
  const failed: JobItem[] = [];
  for await (const item of itemsOf(server, job, signal)) {
    const { index, name, error, result } = item;
    if (error) failed.push(item);
    if (error) console.error(`millrace: ${printable(`${name || index}: ${error.message}`)}`);
    if (showsItems && result !== null) console.log(JSON.stringify(result));
  }
  if (job.error) console.error(`millrace: ${printable(job.error.message)}`);
  const hint = causeHint(job, failed, flags);
  if (hint !== null) console.error(`millrace: ${hint}`);
  for (const path of written) console.log(path);
  if (showsResults && job.result !== null) console.log(JSON.stringify(job.result));
  if (fetches && showsResults && job.state !== "failed") console.error("millrace: The job wrote no files.");
}

/** All items. The job itself contains only the first 100. */
async function* itemsOf(server: Client, job: Job, signal: AbortSignal): AsyncGenerator<JobItem> {
  yield* job.items;
  if (job.items.length === 0 || job.progress.total <= job.items.length) return;
  let { nextCursor } = await server.items(job.id, { limit: job.items.length }, { signal });
  while (nextCursor !== null) {
    const page: Page<JobItem> = await server.items(job.id, { limit: 100, cursor: nextCursor }, { signal });
    yield* page.items;
    nextCursor = page.nextCursor;
  }
}

async function filesOf(given: readonly string[]): Promise<(File | { url: string })[]> {
  const files: (File | { url: string })[] = [];
  for (const path of given) {
    if (/^https?:\/\//.test(path)) {
      files.push({ url: path });
      continue;
    }
    const stats = await stat(path).catch(() => null);
    if (stats?.isFile()) files.push(await fileAt(path));
    else if (stats)
      throw usageError(`${path} is not a file. Name files, or use a pattern such as "${path}/*".`);
    else files.push(...(await matching(path)));
  }
  return files;
}

async function matching(pattern: string): Promise<File[]> {
  const paths: string[] = [];
  if (/[*?[{]/.test(pattern)) for await (const path of glob(pattern)) paths.push(path);
  const files: File[] = [];
  for (const path of paths.sort()) if ((await stat(path)).isFile()) files.push(await fileAt(path));
  if (files.length === 0) throw usageError(`There is no file ${pattern}.`);
  return files;
}
