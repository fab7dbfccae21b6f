import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { type ClientFlags, serverOf } from "./client/flags.ts";
import { jobIdOf } from "./client/job-ids.ts";
import { downloadResults } from "./download.ts";
import { onInterrupt } from "./interrupt.ts";
import { exitCode, printJson, usageError } from "./output.ts";
import { report } from "./run/command.ts";
import { watchJob } from "./watch.ts";

/** `jobs watch`: Ctrl-C ends the watch and leaves the job alone. */
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
  try {
    const id = await jobIdOf(server, given);
    const written =
      archive === undefined
        ? await downloadResults(server, id, { out: resolve(out), force, all, signal })
        : [
            await saveArchive(
              await server.archive(id, { include: all ? "all" : undefined, signal }),
              resolve(archive),
              force,
            ),
          ];
    if (flags.json) return printJson({ id, written });
    if (written.length === 0) console.error("millrace: the job wrote no files");
    for (const path of written) console.log(path);
  } catch (error) {
    if (!signal.aborted) throw error;
    process.exitCode = exitCode.interrupted;
  } finally {
    stop();
  }
}

async function saveArchive(response: Response, path: string, force: boolean): Promise<string> {
  const file = createWriteStream(path, { flags: force ? "w" : "wx" });
  await pipeline(Readable.fromWeb(response.body as ReadableStream), file).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") throw usageError(`${path} exists already; replace it with --force.`);
      throw error;
    },
  );
  return path;
}
