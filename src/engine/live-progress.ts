import { partAt } from "../domain/parts.ts";
import type { JobRecord, TaskRecord } from "../domain/records.ts";
import type { StepContext } from "../pipeline/context.ts";
import type { Bus } from "../ports/bus.ts";
import type { LiveTexts } from "./live-texts.ts";
import { MAX_PROGRESS_CHARACTERS } from "./messages/read.ts";
import { type LiveMessage, topics } from "./messages/topics.ts";

const PROGRESS_MS = 100;

/** A step's live messages to clients, sent only over the bus. */
export function liveProgress(
  bus: Pick<Bus, "publish">,
  texts: LiveTexts,
  { task, job }: { task: TaskRecord; job: JobRecord },
): Pick<StepContext<unknown>, "progress" | "delta"> & { end(): void } {
  const { name: step } = job.plan[task.step]!;
  const split = partAt(task.item);
  const ofPart: { [name: string]: number } = split ? { part: split.part } : {};
  const from = {
    ...{ owner: task.owner, jobId: job.id, attempt: task.attempt },
    index: split ? split.item : task.item,
  };
  // Best effort: while the bus is down, clients miss some progress.
  const text = texts.open(task, job);
  const tell = (message: string) => void bus.publish(topics.live, message).catch(() => {});
  return {
    progress: throttled((fraction, message) => {
      const data = {
        step,
        fraction,
        message: message?.slice(0, MAX_PROGRESS_CHARACTERS) ?? null,
        ...ofPart,
      };
      tell(JSON.stringify({ ...from, type: "item.progress", data } satisfies LiveMessage));
    }),
    delta: text.add,
    end: text.end,
  };
}

/** At most one call per `PROGRESS_MS`; completion is always sent. */
function throttled(send: (fraction: number, message?: string) => void) {
  let last = Number.NEGATIVE_INFINITY;
  return (fraction: number, message?: string) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS && fraction < 1) return;
    last = now;
    send(Math.min(1, Math.max(0, fraction)), message);
  };
}
