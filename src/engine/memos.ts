import { taskId } from "../domain/ids.ts";
import { inlineBytes, type Json } from "../domain/records.ts";
import type { StepContext } from "../pipeline/context.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Store } from "../ports/store/store.ts";
import type { AttemptFiles, AttemptOf } from "./attempt-files.ts";
import { packJson, readJson } from "./large-json.ts";

/** The value that `ctx.once` recorded under the key in this run of the task; `undefined` if there is none. */
export function recallOf(
  store: Pick<Store, "memo">,
  blobs: BlobStore,
  { task, job }: Pick<AttemptOf, "task" | "job">,
): (key: string) => Promise<Json | undefined> {
  const id = taskId(task.jobId, task.item);
  const { name: step } = job.plan[task.step]!;
  return async (key) => {
    const known = await store.memo({ taskId: id, step, key });
    if (!known) return undefined;
    return known.blob === null ? known.value : ((await readJson(blobs, known.blob)) as Json);
  };
}

/** `ctx.once`: a value computed once per run of a task, fenced by the attempt's lease. */
export function memoOf(
  store: Pick<Store, "memo" | "remember" | "now">,
  blobs: BlobStore,
  { task, job }: Pick<AttemptOf, "task" | "job">,
  { put, handOver }: Pick<AttemptFiles, "put" | "handOver">,
): StepContext<unknown>["once"] {
  const id = taskId(task.jobId, task.item);
  const { name: step } = job.plan[task.step]!;
  return async <T extends Json>(key: string, fn: () => Promise<T>): Promise<T> => {
    const known = await store.memo({ taskId: id, step, key });
    if (known) return (known.blob === null ? known.value : await readJson(blobs, known.blob)) as T;
    const returned = await fn();
    const { value, bytes } = packJson(returned, inlineBytes(job, task));
    const blob = bytes && (await put(bytes)).blob;
    const memo = { taskId: id, step, key, value, blob, lease: task.lease!, now: store.now() };
    const { ok } = await store.remember(memo);
    // The memo has taken over the pin.
    if (ok && blob !== null) handOver(blob);
    return returned;
  };
}
