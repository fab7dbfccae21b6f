import { operationRecords } from "../../database/operations.ts";
import { parseTaskId } from "../../domain/ids.ts";
import type { Begun, OperationRecord } from "../../domain/operations.ts";
import type { TaskRecord } from "../../domain/records.ts";
import { isOpen } from "../../domain/states.ts";
import { MillraceError } from "../../errors.ts";
import type { Engine } from "../engine.ts";
import { unwrap } from "../unwrap.ts";
import type { Match } from "./matching.ts";
import { replayChanged } from "./replay-changed.ts";

/** Acts on single tasks or jobs for an operation, and checks the outcome. */
export function actions(engine: Engine) {
  const { store } = engine;
  const records = operationRecords(engine.database);

  async function task(id: string): Promise<TaskRecord | null> {
    const place = parseTaskId(id);
    if (!place) return null;
    const { jobId, item } = place;
    // Parts are stored below the items, and lists of items omit them.
    const [found] =
      item < -1
        ? await store.deadLetters({ jobId, cursor: `${jobId}.${item + 1}`, limit: 1 })
        : await store.items({ jobId, after: item - 1, limit: 1 });
    return found?.item === item ? found : null;
  }

  async function reopen(jobId: string, items?: number[]): Promise<void> {
    const command = { owner: null, id: jobId, now: store.now(), ...(items && { items }) };
    await engine.publishChanges(unwrap(await store.reopenJob(command)));
  }

  async function ownerOf(id: string): Promise<string> {
    const job = await store.job({ owner: null, id });
    if (!job) throw new MillraceError("not_found", "There is no such job.");
    return job.owner;
  }

  /** Acts on one match. @returns what to watch afterwards; `null` if nothing */
  async function act(operation: OperationRecord, begun: Begun): Promise<Begun | null> {
    const { id } = begun;
    if (operation.action === "cancel") {
      await engine.cancelJob(await ownerOf(id), id);
      return null;
    }
    if (operation.action === "delete") {
      await engine.removeJob(await ownerOf(id), id);
      return null;
    }
    if (operation.options !== null) {
      const made = await replayChanged(engine, records, operation, id);
      return { ...begun, id: made };
    }
    const place = parseTaskId(id);
    if (place) await reopen(place.jobId, [place.item]);
    else await reopen(id);
    return begun;
  }

  return {
    act,

    /** Notes a task's state before it is replayed. */
    async begin({ id, code }: Match): Promise<Begun> {
      return { id, code, generation: (await task(id))?.generation ?? 0 };
    },

    /** Whether an action begun before a crash was completed. */
    async wasDone(operation: OperationRecord, begun: Begun): Promise<boolean> {
      // The id of a replacing job is derived, so creating it again is harmless.
      if (operation.options !== null) return false;
      const place = parseTaskId(begun.id);
      if (place) return (await task(begun.id))?.generation !== begun.generation;
      const job = await store.job({ owner: null, id: begun.id });
      if (operation.action === "delete") return job === null;
      return operation.action === "cancel" ? job?.state === "cancelled" : job?.finishedAt === null;
    },

    /** The outcome of a replay: `again` if it failed with the same error. */
    async outcome(begun: Begun): Promise<"open" | "ended" | "again"> {
      if (parseTaskId(begun.id)) {
        const found = await task(begun.id);
        if (found && isOpen(found)) return "open";
        const isAgain = found?.state === "dead" && found.error?.code === begun.code;
        // A part that is not dead is in no list: it runs, or it has succeeded.
        return isAgain && found.generation !== begun.generation ? "again" : "ended";
      }
      const job = await store.job({ owner: null, id: begun.id });
      if (job && job.finishedAt === null) return "open";
      return job && job.failed > 0 ? "again" : "ended";
    },
  };
}

export type Actions = ReturnType<typeof actions>;
