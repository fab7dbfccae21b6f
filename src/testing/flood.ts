import { newId } from "../domain/ids.ts";
import type { Broker } from "../ports/broker.ts";
import type { Store } from "../ports/store/store.ts";
import { each, jobCommand, workerRecord } from "./store/fixture.ts";
import { createManualWorker, success } from "./store/manual-worker.ts";

const SERVED = 20;

/**
 * Runs one worker that runs one task at a time, with an owner "loud" who submits two urgent jobs for each task that
 * ends, and an owner "quiet" with one job that is not urgent. Resolves to the owners of the tasks that ran, in order.
 * @param claims whether the broker, which shares the store's database, claims what it delivers
 */
export async function runFlood(store: Store, broker: Broker, claims: boolean): Promise<string[]> {
  const queue = `text/${newId()}`;
  const id = `worker-${newId()}`;
  const worker = createManualWorker(store, id, () => store.now());
  const served: string[] = [];
  const { promise: over, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const create = (owner: string, priority: number) =>
    store.createJob(jobCommand({ now: store.now(), owner, priority, plan: [each("work", { queue })] }));
  const flood = () => Promise.all([create("loud", 9), create("loud", 9)]);

  await store.heartbeat(workerRecord(id, { [queue]: 1 }, store.now()));
  await create("loud", 9);
  await create("quiet", 0);
  await flood();
  const claimFor = claims ? { worker: id, leaseMs: 10_000 } : undefined;
  const consumer = await broker.consume(
    queue,
    { prefetch: 1, ...(claimFor && { claimFor }) },
    async (delivery) => {
      if (served.length >= SERVED) return;
      const hint = JSON.parse(delivery.payload) as { taskId: string; generation: number };
      const lease = delivery.claim?.task.lease ?? newId();
      const claim = delivery.claim ?? (await worker.claim({ ...hint, queue }, lease));
      if (claim.claimed) {
        served.push(claim.task.owner);
        await flood().catch(fail);
        await worker.settle({ taskId: hint.taskId, lease }, success());
      }
      if (!delivery.claim) await delivery.ack();
      if (served.length >= SERVED) end();
    },
  );
  await over;
  await consumer.close();
  return served;
}
