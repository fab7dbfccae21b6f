/** Demand of a queue, from the records. */
export interface QueueDemand {
  name: string;
  /** Tasks published or waiting, but not yet claimed. */
  ready: number;
  running: number;
  /** Tasks finished per second, over the last minute. */
  drainRate: number;
  paused: boolean;
}

/** Concurrency of each queue on one worker. */
export type Slots = ReadonlyMap<string, number>;

/**
 * Number of tasks that should run concurrently so that waiting ones start within the target. By Little's law, a task
 * takes `running / drainRate` seconds, so `n` slots start `n * target / seconds` tasks within the target. Never fewer
 * than are running, and never more than there are. While the duration is unknown, each task gets its own slot.
 */
export function placesFor(queue: QueueDemand, targetWaitSeconds: number): number {
  const { running, drainRate } = queue;
  const tasks = running + (queue.paused ? 0 : queue.ready);
  if (tasks === 0 || running === 0 || drainRate === 0) return tasks;
  const seconds = running / drainRate;
  return Math.max(running, Math.min(tasks, (tasks * seconds) / targetWaitSeconds));
}

/**
 * Workers needed by all queues together. A step's concurrency says how many of its tasks fill a worker, so each queue
 * needs a fraction of one. Queues that no worker serves do not count.
 */
export function workersFor(queues: readonly QueueDemand[], slots: Slots, targetWaitSeconds: number): number {
  let shares = 0;
  for (const queue of queues) {
    const atOnce = slots.get(queue.name);
    if (atOnce !== undefined) shares += placesFor(queue, targetWaitSeconds) / atOnce;
  }
  // Sums of fractions such as 1/3 end up slightly above the whole number.
  return Math.max(0, Math.ceil(shares - 1e-9));
}
