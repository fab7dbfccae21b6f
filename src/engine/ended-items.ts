import type { FileRef, JobRecord, Json, TaskRecord } from "../domain/records.ts";
import type { TaskState } from "../domain/states.ts";
import { fileView } from "../domain/views.ts";
import type { AllContext, Artifact, AsyncList } from "../pipeline/context.ts";
import type { BlobStore } from "../ports/blobs.ts";
import type { Store } from "../ports/store/store.ts";
import { readJson } from "./large-json.ts";

/** Most records read at once; a page may end earlier, by size. */
const PAGE = 100;

export interface Source {
  store: Pick<Store, "items">;
  blobs: Pick<BlobStore, "read">;
  job: JobRecord;
  signal: AbortSignal;
  /** Registers a file of an item with the step's context. */
  show(file: FileRef): Artifact;
}

type Ended = Pick<AllContext<unknown, Json, Json, Json>, "items" | "failures">;

/** What an `all` step reads of the items before it. Holds one page of records and one large result in memory. */
export function endedItems({ store, blobs, job, signal, show }: Source): Ended {
  async function* tasks(states: TaskState[]): AsyncGenerator<TaskRecord> {
    let after: number | undefined;
    for (;;) {
      signal.throwIfAborted();
      const page = await store.items({ jobId: job.id, after, limit: PAGE, states });
      if (page.length === 0) return;
      yield* page;
      after = page.at(-1)!.item;
    }
  }

  return {
    items: asyncList(job.done, async function* () {
      for await (const task of tasks(["succeeded"])) {
        yield {
          index: task.item,
          name: task.name,
          file: task.input && show(task.input),
          data: task.dataFile ? await readJson(blobs, task.dataFile.blob) : task.data,
          outputs: task.outputs.map(show),
          result: task.resultFile ? await readJson(blobs, task.resultFile.blob) : task.result,
        };
      }
    }),
    failures: asyncList(job.total - job.done, async function* () {
      for await (const { item, name, state, error } of tasks(["dead", "refused", "cancelled"])) {
        const code = error?.code ?? state;
        yield { index: item, name, code, message: error?.message ?? `The item was ${state}.` };
      }
    }),
  };
}

export function asyncList<T>(length: number, iterate: () => AsyncGenerator<T>): AsyncList<T> {
  return { length, [Symbol.asyncIterator]: iterate };
}

/** Maps the files that a step was given to their records, while the step holds on to them. */
export class ShownFiles {
  readonly #records = new WeakMap<object, FileRef>();

  show = (record: FileRef): Artifact => {
    const artifact = fileView(record);
    this.#records.set(artifact, record);
    return artifact;
  };

  find(artifact: object): FileRef | undefined {
    return this.#records.get(artifact);
  }
}
