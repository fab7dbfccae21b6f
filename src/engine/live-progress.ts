import { partAt } from "../domain/parts.ts";
import type { JobRecord, TaskRecord } from "../domain/records.ts";
import type { StepContext } from "../pipeline/context.ts";
import type { Bus } from "../ports/bus.ts";
import { MAX_PROGRESS_CHARACTERS } from "./messages/read.ts";
import { textMessages } from "./messages/text-pieces.ts";
import { type LiveMessage, topics } from "./messages/topics.ts";

const PROGRESS_MS = 100;

/** What a step tells those who watch it, over the bus alone. */
export function liveProgress(
  bus: Pick<Bus, "publish">,
  { task, job }: { task: TaskRecord; job: JobRecord },
): Pick<StepContext<unknown>, "progress" | "delta"> {
  const { name: step } = job.plan[task.step]!;
  const split = partAt(task.item);
  const ofPart: { [name: string]: number } = split ? { part: split.part } : {};
  const from = {
    ...{ owner: task.owner, jobId: job.id, attempt: task.attempt },
    index: split ? split.item : task.item,
  };
  // Best effort: while the bus is away, those who watch miss a step of the bar or a piece of the text.
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
    delta: (text) => textMessages(from, text, ofPart).forEach(tell),
  };
}

/** At most one call in `PROGRESS_MS`; the end of the bar always passes. */
function throttled(send: (fraction: number, message?: string) => void) {
  let last = Number.NEGATIVE_INFINITY;
  return (fraction: number, message?: string) => {
    const now = performance.now();
    if (now - last < PROGRESS_MS && fraction < 1) return;
    last = now;
    send(Math.min(1, Math.max(0, fraction)), message);
  };
}
