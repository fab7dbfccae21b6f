import { isRetryable, type MillraceError } from "../errors.ts";
import type { Broker, Message } from "../ports/broker.ts";
import type { Bus } from "../ports/bus.ts";
import type { Changed } from "../ports/store/jobs.ts";
import type { Store } from "../ports/store/store.ts";
import type { Hints } from "./messages/hints.ts";
import { MAX_REVOKED } from "./messages/read.ts";
import { topics } from "./messages/topics.ts";

/**
 * Carries out the effects of a committed transaction outside the store. Losing one is harmless: the scheduler publishes
 * an unpublished task again, and a revoked lease ends when its renewal fails.
 */
export function changePublisher(store: Pick<Store, "publishes">, broker: Broker, bus: Bus, hints: Hints) {
  return async (changed: Partial<Changed>): Promise<void> => {
    const { deliveries = [], revoked = [] } = changed;
    const waits: Promise<unknown>[] = [];
    for (let at = 0; at < revoked.length; at += MAX_REVOKED) {
      const some = revoked.slice(at, at + MAX_REVOKED);
      waits.push(bus.publish(topics.revoked, JSON.stringify(some)));
    }
    if (!store.publishes) {
      for (const [queue, group] of Map.groupBy(deliveries, (delivery) => delivery.queue)) {
        waits.push(publish(broker, queue, group.map(hints.message)));
      }
    }
    await Promise.allSettled(waits);
  };
}

/** How long a refused publish is retried here; after that the scheduler hands the tasks out again. */
const INSIST_MS = 30_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2_000;

/**
 * Resolves after the first try. Refused messages are retried in the background, so that publishing resumes as soon as
 * an outage ends.
 */
async function publish(broker: Broker, queue: string, messages: readonly Message[]): Promise<void> {
  const refused = await attempt(broker, queue, messages);
  if (refused.length > 0) insist(broker, queue, refused, FIRST_WAIT_MS, performance.now() + INSIST_MS);
}

function insist(broker: Broker, queue: string, messages: Message[], wait: number, deadline: number): void {
  if (performance.now() + wait > deadline) return;
  const timer = setTimeout(async () => {
    const refused = await attempt(broker, queue, messages);
    if (refused.length > 0) insist(broker, queue, refused, Math.min(wait * 2, LONGEST_WAIT_MS), deadline);
  }, wait);
  timer.unref();
}

/** The messages that the broker refused but may take later. */
async function attempt(broker: Broker, queue: string, messages: readonly Message[]): Promise<Message[]> {
  try {
    const results = await broker.publish(queue, messages);
    return messages.filter((_, n) => {
      const result = results[n]!;
      return !result.ok && mayPass(result.error);
    });
  } catch (error) {
    return mayPass(error) ? [...messages] : [];
  }
}

function mayPass(error: unknown): boolean {
  return isRetryable(error) && (error as MillraceError).code !== "closed";
}
