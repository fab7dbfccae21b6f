import type { Engine } from "../engine/engine.ts";
import { parseNotification } from "../engine/object-events/notification.ts";
import { type ObjectJobs, objectJobs } from "../engine/object-events/object-jobs.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Config } from "./config.ts";

export interface RunningObjectEvents {
  jobs: ObjectJobs;
  /** Stops consuming the queue. */
  close(): Promise<void>;
}

/** Creates jobs from bucket notifications; `null` if the settings name no buckets. Rejects with `config_invalid`. */
export async function startObjectEvents(
  { objectEvents, objectEventsQueue: queue }: Config,
  engine: Engine,
  log: StepLog,
): Promise<RunningObjectEvents | null> {
  if (objectEvents.length === 0) return null;
  const { parseS3Url } = await import("../adapters/aws/s3-location.ts");
  const routes = objectEvents.map(
    ({ from, prefix, suffix = "", options = {}, owner = "local", ...route }) => {
      const place = parseS3Url(from);
      return { ...route, bucket: place.bucket, prefix: prefix ?? place.prefix, suffix, options, owner };
    },
  );
  const jobs = objectJobs(engine, routes);
  if (queue === null) return { jobs, close: async () => {} };
  const { consumeNotifications } = await import("../adapters/aws/notifications.ts");
  const consumer = consumeNotifications(queue, {
    async handle(body) {
      await jobs.announce(parseNotification(body));
    },
    onError: (error) =>
      log.warn("an object event could not be processed and stays in its queue", { error: error.message }),
  });
  return { jobs, close: consumer.close };
}
