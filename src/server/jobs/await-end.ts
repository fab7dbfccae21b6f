import type { ServerResponse } from "node:http";
import type { JobRecord } from "../../domain/records.ts";
import type { Store } from "../../ports/store/store.ts";
import type { EventHub } from "../events/event-hub.ts";

/**
 * The job when it has ended, or as it is after `ms`, or when the client has gone. Told by the events:
 * the store is read when the job may have ended, never to find out whether it has.
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
    listening.stop();
  }
}
