import type { ServerResponse } from "node:http";
import type { JobRecord } from "../../domain/records.ts";
import type { Store } from "../../ports/store/store.ts";
import type { EventHub } from "../events/event-hub.ts";

/**
 * Resolves with the job when it has ended, after `ms`, when the client has disconnected, or when the server closes.
 * Events say when to look: the store is read only when the job may have ended, never polled.
 */
export async function awaitEnd(
  { hub, store }: { hub: EventHub; store: Pick<Store, "job"> },
  job: { owner: string; id: string },
  ms: number,
  response: ServerResponse,
): Promise<JobRecord | null> {
  const now = await store.job(job);
  if (!now || now.finishedAt !== null || ms <= 0) return now;

  let wake = Promise.withResolvers<void>();
  const listening = await hub.listen(job.owner, {
    jobId: job.id,
    onFrame(frame) {
      if (frame.terminal) wake.resolve();
    },
  });
  let over = false;
  const stop = () => {
    over = true;
    wake.resolve();
  };
  const timer = setTimeout(stop, ms);
  response.once("close", stop);
  hub.closing.addEventListener("abort", stop);
  if (hub.closing.aborted) stop();
  try {
    for (;;) {
      const present = await store.job(job);
      if (over || !present || present.finishedAt !== null) return present;
      await wake.promise;
      if (!over) wake = Promise.withResolvers<void>();
    }
  } finally {
    clearTimeout(timer);
    response.removeListener("close", stop);
    hub.closing.removeEventListener("abort", stop);
    listening.stop();
  }
}
