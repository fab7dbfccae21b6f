import { partAt } from "../domain/parts.ts";
import type { Json, TaskRecord } from "../domain/records.ts";
import type { TaskState } from "../domain/states.ts";
import type { JoinContext, PartInfo } from "../pipeline/parts.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Store } from "../ports/store/store.ts";
import { asyncList, type Source } from "./ended-items.ts";
import { readJson } from "./large-json.ts";

/** Most records read at once; a page may end earlier, by size. */
const PAGE = 100;

export interface PartsSource extends Omit<Source, "store"> {
  store: Pick<Store, "parts">;
  /** The item at its join. */
  item: TaskRecord;
}

type Ended = Pick<JoinContext<unknown, Json, Json, Json>, "parts" | "failures">;

/** What a join reads of the parts of its item. Holds one page of records and one large value in memory. */
export function endedParts({ store, blobs, job, item, signal, show }: PartsSource): Ended {
  async function* tasks(states: TaskState[]): AsyncGenerator<TaskRecord> {
    let after: number | undefined;
    for (;;) {
      signal.throwIfAborted();
      const page = await store.parts({ jobId: job.id, item: item.item, after, limit: PAGE, states });
      if (page.length === 0) return;
      yield* page;
      after = partAt(page.at(-1)!.item)!.part;
    }
  }
  const common = async (task: TaskRecord) => ({
    index: partAt(task.item)!.part,
    name: task.name,
    data: await dataOf(task, blobs),
  });
  const { done, failed } = item.split!;

  return {
    parts: asyncList(done, async function* () {
      for await (const task of tasks(["succeeded"])) {
        yield {
          ...(await common(task)),
          outputs: task.outputs.map(show),
          result: task.resultFile ? await readJson(blobs, task.resultFile.blob) : task.result,
        };
      }
    }),
    failures: asyncList(failed, async function* () {
      for await (const task of tasks(["dead"])) {
        const { code, message } = task.error!;
        yield { ...(await common(task)), code, message };
      }
    }),
  };
}

/** A part as its own steps see it. */
export async function partInfo(
  task: TaskRecord,
  { blobs, show }: Pick<Source, "blobs" | "show">,
): Promise<PartInfo<Json>> {
  const { total, files } = task.part!;
  return {
    index: partAt(task.item)!.part,
    total,
    data: await dataOf(task, blobs),
    files: files.map(show),
  };
}

async function dataOf({ part }: TaskRecord, blobs: Pick<BlobStore, "read">): Promise<Json> {
  const { data, dataFile } = part!;
  return dataFile ? readJson(blobs, dataFile.blob) : data;
}
