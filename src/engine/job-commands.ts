import { parseTaskId } from "../domain/ids.ts";
import { MillraceError } from "../errors.ts";
import type { Store } from "../ports/store/store.ts";
import type { Engine } from "./engine.ts";
import type { Publications } from "./publications.ts";
import { unwrap } from "./unwrap.ts";

type JobCommands = Pick<Engine, "cancelJob" | "retryJob" | "removeJob" | "replay" | "setPaused">;

/** Commands on existing jobs. Each change is published as soon as it is recorded. */
export function jobCommands(
  store: Store,
  publications: Pick<Publications, "endAll">,
  publishChanges: Engine["publishChanges"],
): JobCommands {
  return {
    async cancelJob(owner, id) {
      await publishChanges(unwrap(await store.cancelJob({ owner, id, now: store.now() })));
    },
    async retryJob(owner, id) {
      const reopened = unwrap(await store.reopenJob({ owner, id, now: store.now() }));
      await publishChanges(reopened);
      return { items: reopened.items };
    },
    async removeJob(owner, id) {
      // First, so that the job's public URLs are gone once it is.
      await publications.endAll(owner, id);
      await publishChanges(unwrap(await store.removeJob({ owner, id, now: store.now() })));
    },
    async replay(taskId) {
      const taskKey = parseTaskId(taskId);
      if (!taskKey) throw new MillraceError("not_found", "There is no such dead letter.");
      const command = { owner: null, id: taskKey.jobId, now: store.now(), items: [taskKey.item] };
      await publishChanges(unwrap(await store.reopenJob(command)));
    },
    async setPaused(queue, paused) {
      await publishChanges(await store.setPaused({ queue, paused }));
    },
  };
}
