import { drainRecords } from "../database/worker-drains.ts";
import type { Engine } from "../engine/engine.ts";
import { topics } from "../engine/messages/topics.ts";

/** Poll interval that makes up for lost messages. */
const LOOK_MS = 3_000;

/** Calls `onAsked` once, when an operator asks this worker to drain. */
export async function watchDrains(
  { bus, database, messages }: Pick<Engine, "bus" | "database" | "messages">,
  worker: string,
  onAsked: () => void,
): Promise<{ close(): Promise<void> }> {
  const records = drainRecords(database);
  let isAsked = false;
  const look = async () => {
    if (isAsked || !(await records.isAsked(worker)) || isAsked) return;
    isAsked = true;
    onAsked();
  };
  const lookSoon = () => void look().catch(() => {});
  const subscription = await bus.subscribe(topics.drain, (message) => {
    if (messages.worker(message) === worker) lookSoon();
  });
  const timer = setInterval(lookSoon, LOOK_MS).unref();
  return {
    async close() {
      clearInterval(timer);
      await subscription.close();
    },
  };
}
