import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import type { Client, JobFile } from "../client/index.ts";
import { splitExtension } from "../domain/file-name.ts";
import { writeTarget } from "./convert/targets.ts";

export interface DownloadOptions {
  /** Folder of the files. */
  out: string;
  /** Replace files that are there; otherwise the new ones get numbers. */
  force: boolean;
  signal: AbortSignal;
}

/** Writes every file that a job's items wrote. Returns their paths. */
export async function downloadResults(
  server: Client,
  id: string,
  { out, force, signal }: DownloadOptions,
): Promise<string[]> {
  const written: string[] = [];
  for await (const { artifactId, name } of filesOf(server, id, signal)) {
    const content = await contentOf(server, artifactId, signal);
    const stem = splitExtension(name)[0];
    written.push(await writeTarget(content, { out, stem, name, force, signal }));
  }
  return written;
}

async function* filesOf(server: Client, id: string, signal: AbortSignal): AsyncGenerator<JobFile> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await server.items(id, { limit: 100, cursor }, { signal });
    for (const item of page.items) {
      yield* item.outputs;
      if (item.resultFile) yield item.resultFile;
    }
    cursor = page.nextCursor;
  }
  const job = await server.job(id, { signal });
  if (job.resultFile) yield job.resultFile;
}

/** The bytes of a file. */
export async function contentOf(server: Client, artifactId: string, signal: AbortSignal): Promise<Readable> {
  const response = await server.artifact(artifactId, { signal });
  return Readable.fromWeb(response.body as ReadableStream);
}
