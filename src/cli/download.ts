import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { Client, JobFile, JobStep } from "../client/index.ts";
import { uniqueNames } from "../domain/file-name.ts";
import { existsError, writeStandardOutput, writeTarget } from "./convert/targets.ts";
import { usageError } from "./output.ts";

export interface DownloadOptions {
  /** Folder for the files, or `null` for standard output, which takes one file. */
  out: string | null;
  /** Replace existing files. Otherwise nothing is written if one exists. */
  force: boolean;
  /** Include files of earlier steps and of parts. @default false */
  all?: boolean;
  signal: AbortSignal;
}

/**
 * Downloads the files of a job and its items. Files with the same name are numbered in order.
 * @returns their paths. Empty for standard output
 */
export async function downloadResults(
  server: Client,
  id: string,
  { out, force, all = false, signal }: DownloadOptions,
): Promise<string[]> {
  const files = await Array.fromAsync(filesOf(server, id, { all, signal }));
  if (out === null) {
    const [file, ...more] = files;
    if (!file || more.length > 0) throw notOne(id, files.length);
    await writeStandardOutput(await contentOf(server, file.artifactId, signal), signal);
    return [];
  }
  const paths = uniqueNames(files.map(({ name }) => name)).map((name) => join(out, name));
  const existing = force ? undefined : paths.find((path) => existsSync(path));
  if (existing !== undefined) throw existsError(existing);
  for (const [index, path] of paths.entries()) {
    await writeTarget(await contentOf(server, files[index]!.artifactId, signal), { path, force, signal });
  }
  return paths;
}

function notOne(id: string, files: number): Error {
  const found = files === 0 ? "no file" : `${files} files`;
  return usageError(
    `The job wrote ${found}, and --out - takes one. Use \`millrace jobs download ${id} --archive -\` for all of them as a ZIP.`,
  );
}

interface Wanted {
  all: boolean;
  signal: AbortSignal;
}

async function* filesOf(server: Client, id: string, wanted: Wanted): AsyncGenerator<JobFile> {
  const { signal, all } = wanted;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await server.items(id, { limit: 100, cursor }, { signal });
    for (const item of page.items) {
      yield* all ? item.steps.flatMap(writtenBy) : writtenBy(item);
      if (all && item.parts.total > 0) yield* filesOfParts(server, id, item.index, signal);
    }
    cursor = page.nextCursor;
  }
  const job = await server.job(id, { signal });
  yield* all ? job.steps.flatMap(writtenBy) : writtenBy(job);
}

async function* filesOfParts(
  server: Client,
  id: string,
  index: number,
  signal: AbortSignal,
): AsyncGenerator<JobFile> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await server.parts(id, index, { limit: 100, cursor }, { signal });
    for (const { steps } of page.items) yield* steps.flatMap(writtenBy);
    cursor = page.nextCursor;
  }
}

/** Files of a job, an item or a step, including a result that is a file. */
function writtenBy({ outputs, resultFile }: Pick<JobStep, "outputs" | "resultFile">): JobFile[] {
  return resultFile ? [...outputs, resultFile] : outputs;
}

export async function contentOf(server: Client, artifactId: string, signal: AbortSignal): Promise<Readable> {
  const response = await server.artifact(artifactId, { signal });
  return Readable.fromWeb(response.body as ReadableStream);
}
