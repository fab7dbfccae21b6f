import { resolve } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { type ClientFlags, serverOf } from "./client/flags.ts";
import { jobIdOf } from "./client/job-ids.ts";
import { STANDARD_OUTPUT, writeStandardOutput, writeTarget } from "./convert/targets.ts";
import { downloadResults } from "./download.ts";
import { onInterrupt } from "./interrupt.ts";
import { exitCode, printJson, usageError } from "./output.ts";
import { report } from "./run/command.ts";
import { watchJob } from "./watch.ts";

/** `jobs watch`. Ctrl-C stops watching and does not affect the job. */
export async function watch(given: string, flags: ClientFlags): Promise<void> {
  const server = serverOf(flags);
  const { signal, stop } = onInterrupt();
  try {
    const id = await jobIdOf(server, given);
    await report(server, await watchJob(server, id, signal), flags, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = exitCode.interrupted;
  } finally {
    stop();
  }
}

interface DownloadFlags extends ClientFlags {
  out: string;
  archive?: string;
  all?: boolean;
  force?: boolean;
}

/** `jobs download`. */
export async function download(given: string, flags: DownloadFlags): Promise<void> {
  const server = serverOf(flags);
  const { signal, stop } = onInterrupt();
  const { archive, out, all = false, force = false } = flags;
  if (flags.json && [out, archive].includes(STANDARD_OUTPUT))
    throw usageError("--json and the file both need standard output: choose one.");
  try {
    const id = await jobIdOf(server, given);
    const written =
      archive === undefined
        ? await downloadResults(server, id, { out: folderOf(out), force, all, signal })
        : await saveArchive(
            await server.archive(id, { include: all ? "all" : undefined, signal }),
            folderOf(archive),
            { force, signal },
          );
    if (out === STANDARD_OUTPUT || archive === STANDARD_OUTPUT) return;
    if (flags.json) return printJson({ id, written });
    if (written.length === 0) console.error("millrace: The job wrote no files.");
    for (const path of written) console.log(path);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = exitCode.interrupted;
  } finally {
    stop();
  }
}

/** Resolves the path in a flag. `null` for standard output. */
function folderOf(text: string): string | null {
  return text === STANDARD_OUTPUT ? null : resolve(text);
}

async function saveArchive(
  response: Response,
  path: string | null,
  { force, signal }: { force: boolean; signal: AbortSignal },
): Promise<string[]> {
  const content = Readable.fromWeb(response.body as ReadableStream);
  if (path !== null) return [await writeTarget(content, { path, force, signal })];
  await writeStandardOutput(content, signal);
  return [];
}
