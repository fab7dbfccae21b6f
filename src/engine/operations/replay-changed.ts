import type { OperationRecords } from "../../database/operations.ts";
import { derivedId, parseTaskId } from "../../domain/ids.ts";
import { mergePatch, type OperationRecord, patchBetween } from "../../domain/operations.ts";
import { partAt } from "../../domain/parts.ts";
import { JOB_ITEM, type Json, type TaskRecord } from "../../domain/records.ts";
import { MillraceError } from "../../errors.ts";
import type { Engine, JobFile } from "../engine.ts";
import type { DataItem } from "../intake/data-items.ts";

/** Most items of a job that is replayed as a whole. */
const MOST_ITEMS = 10_000;
const PAGE = 1_000;

/**
 * Runs failed work again with other options, as a new job of the same owner: the options of a job never change. The new
 * id is derived from the operation and what it replays, so a repeat creates no second job.
 * @param id a dead letter, or a job whose dead letters are replayed together
 * @returns the new job's id
 */
export async function replayChanged(
  engine: Pick<Engine, "store" | "blobs" | "createJob">,
  records: OperationRecords,
  operation: OperationRecord,
  id: string,
): Promise<string> {
  const { store } = engine;
  const place = parseTaskId(id);
  const job = await store.job({ owner: null, id: place?.jobId ?? id });
  if (!job) throw new MillraceError("not_found", "There is no such job.");
  const tasks = await itemsOf(store, job.id, place?.item ?? null);
  if (tasks.length === 0) throw new MillraceError("job_not_retryable", "No item of this job has failed.");
  const files = tasks.filter((task) => fileOf(task) !== null);
  const changed = (before: Json) => mergePatch(before, operation.options!);
  const options = changed(job.options);
  const made = derivedId(operation.createdAt, "replay", operation.id, id);
  const data = await Promise.all(tasks.map((task) => dataOf(engine, task)));
  await engine.createJob({
    id: made,
    owner: job.owner,
    pipeline: job.pipeline,
    fromInside: true,
    options,
    metadata: job.metadata,
    priority: job.priority,
    files: files.map(fileOf).filter((file) => file !== null),
    fileOptions: files.map((task) => task.options && patchBetween(options, changed(task.options.value))),
    items: data.filter((item) => item !== null),
  });
  await records.keepReplay({
    job_id: made,
    from_job_id: job.id,
    operation_id: operation.id,
    at: store.now(),
  });
  return made;
}

/** The items of a dead letter: for a part, its item; for an `all` step, all of them. */
async function itemsOf(store: Engine["store"], jobId: string, item: number | null): Promise<TaskRecord[]> {
  if (item !== null && item !== JOB_ITEM) {
    const index = partAt(item)?.item ?? item;
    return (await store.items({ jobId, after: index - 1, limit: 1 })).filter((one) => one.item === index);
  }
  const found: TaskRecord[] = [];
  const states = item === null ? { states: ["dead" as const] } : {};
  for (let after = -1; found.length < MOST_ITEMS; ) {
    const page = await store.items({ jobId, after, limit: PAGE, ...states });
    found.push(...page);
    const last = page.at(-1);
    if (!last) break;
    after = last.item;
  }
  return found;
}

function fileOf({ input, url }: TaskRecord): JobFile | null {
  if (input) return { artifactId: input.artifactId };
  return url === null ? null : { url };
}

async function dataOf({ blobs }: Pick<Engine, "blobs">, task: TaskRecord): Promise<DataItem | null> {
  const { name, data, dataFile } = task;
  if (dataFile) return { name, data: JSON.parse((await blobs.read(dataFile.blob)).toString()) as Json };
  return task.input || task.url !== null || data === null ? null : { name, data };
}
