import { partAt } from "../domain/parts.ts";
import type { JobRecord, TaskRecord } from "../domain/records.ts";
import type { Bus } from "../ports/bus.ts";
import type { SettleResult } from "../ports/store/tasks.ts";
import { type LiveMessage, topics } from "./messages/topics.ts";

const PROGRESS_MS = 100;

/**
 * Reports how many parts of an item have ended: at most ten times a second per item, and always the final count. Best
 * effort, like all live messages.
 */
export function partsProgress(bus: Pick<Bus, "publish">) {
  /** The next message of each throttled item, if any. */
  const resting = new Map<string, (() => LiveMessage) | null>();

  const send = (message: LiveMessage) => {
    bus.publish(topics.live, JSON.stringify(message)).catch(() => {});
  };
  const rest = (key: string) => {
    resting.set(key, null);
    setTimeout(() => {
      const next = resting.get(key);
      resting.delete(key);
      if (!next) return;
      send(next());
      rest(key);
    }, PROGRESS_MS).unref();
  };

  return (job: JobRecord, part: TaskRecord, counts: NonNullable<SettleResult["parts"]>) => {
    const { item } = partAt(part.item)!;
    const key = `${job.id}.${item}`;
    const message = () => messageOf(job, part, counts);
    const isLast = counts.done + counts.failed === counts.total;
    if (resting.has(key) && !isLast) {
      resting.set(key, message);
      return;
    }
    send(message());
    if (resting.has(key)) resting.set(key, null);
    else rest(key);
  };
}

function messageOf(
  job: JobRecord,
  part: TaskRecord,
  { attempt, ...parts }: NonNullable<SettleResult["parts"]>,
): LiveMessage {
  const split = job.plan.findLast(({ kind }, at) => kind === "split" && at < part.step)!;
  const fraction = (parts.done + parts.failed) / Math.max(1, parts.total);
  const data = { step: split.name, fraction, message: null, parts };
  const index = partAt(part.item)!.item;
  return { owner: part.owner, jobId: job.id, index, attempt, type: "item.progress", data };
}
