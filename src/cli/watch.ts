import { SingleBar } from "cli-progress";
import type { Client, Job } from "../client/index.ts";

const FORMAT = "{bar}  {percentage}%  {done} of {total}{trouble}";
/** Enough to survive a restart of the server. */
export const PATIENCE = { retries: 8 };

/** Shows a job's progress until it ends, on stderr if that is a terminal. */
export async function watchJob(server: Client, id: string, signal: AbortSignal): Promise<Job> {
  const bar = new SingleBar({
    format: FORMAT,
    stream: process.stderr,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 32,
    hideCursor: true,
    clearOnComplete: true,
    gracefulExit: false,
    fps: 12,
  });
  bar.start(1_000, 0, { done: 0, total: "…", trouble: "" });
  try {
    for await (const { data } of server.events(id, { signal, ...PATIENCE })) {
      const { progress } = data;
      if (!progress) continue;
      const trouble = progress.failed > 0 ? `, ${progress.failed} failed` : "";
      bar.update(Math.floor(progress.fraction * 1_000), {
        done: progress.done,
        total: progress.total,
        trouble,
      });
    }
    signal.throwIfAborted();
    return await server.wait(id, { signal, ...PATIENCE });
  } finally {
    bar.stop();
  }
}
