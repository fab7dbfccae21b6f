import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { Client, JobFile, JobStep } from "../client/index.ts";
import { splitExtension } from "../domain/file-name.ts";
import { writeTarget } from "./convert/targets.ts";

export interface DownloadOptions {
  /** Folder of the files. */
  out: string;
  /** Replace files that are there; otherwise the new ones get numbers. */
  force: boolean;
  /** Also what earlier steps and parts wrote. @default false */
  all?: boolean;
  signal: AbortSignal;
}

/** Writes the files that a job and its items wrote. Returns their paths. */
export async function downloadResults(
  server: Client,
  id: string,
  { out, force, all = false, signal }: DownloadOptions,
): Promise<string[]> {
  const written: string[] = [];
  for await (const { artifactId, name } of filesOf(server, id, { all, signal })) {
    const content = await contentOf(server, artifactId, signal);
    const stem = splitExtension(name)[0];
    written.push(await writeTarget(content, { out, stem, name, force, signal }));
  }
  return written;
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

/** The files of a job, an item or a step, its result among them where that is one. */
function writtenBy({ outputs, resultFile }: Pick<JobStep, "outputs" | "resultFile">): JobFile[] {
  return resultFile ? [...outputs, resultFile] : outputs;
}

/** The bytes of a file. */
export async function contentOf(server: Client, artifactId: string, signal: AbortSignal): Promise<Readable> {
  const response = await server.artifact(artifactId, { signal });
  return Readable.fromWeb(response.body as ReadableStream);
}
