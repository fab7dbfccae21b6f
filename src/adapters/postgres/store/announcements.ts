import type { TaskDelivery } from "../../../domain/records.ts";
import type { Target } from "../connection.ts";
import { type News, type Notifier, queueChannel } from "../notifier.ts";
import type { PostgresLedger } from "./ledger.ts";

type Filled = readonly Pick<TaskDelivery, "queue">[];

/**
 * Tells the workers of all processes which queues have waiting work. This happens after the transaction, because
 * commits that notify wait for each other.
 * @param publishes whether the broker shares the store's database; any other notifies its workers itself
 */
export function announcements(notifier: Notifier, target: Target, publishes: boolean) {
  const tell = (news: News, queues: Iterable<string>) => {
    if (!publishes) return;
    for (const queue of new Set(queues)) {
      notifier.send(queueChannel(target.schema, news, queue), queue).catch(() => {});
    }
  };
  const tellDeliveries = (deliveries: Filled) =>
    tell(
      "deliveries",
      deliveries.map(({ queue }) => queue),
    );

  return {
    /** @param filled deliveries handed out from the backlog */
    committed(ledger: PostgresLedger, filled: Filled): void {
      tell("backlog", grown(ledger));
      tellDeliveries([...ledger.handed, ...filled]);
    },
    /** Announces what was handed out outside of a batch. */
    async filled<T extends { deliveries: Filled }>(answer: Promise<T>): Promise<T> {
      tellDeliveries((await answer).deliveries);
      return answer;
    },
    /** A paused queue was resumed. */
    resumed: (queue: string) => tell("backlog", [queue]),
  };
}

/** Queues whose backlogs have grown. */
function grown({ dirtyTasks }: PostgresLedger): Set<string> {
  const names = new Set<string>();
  for (const { record, saved } of dirtyTasks) {
    if (record.state === "ready" && saved?.state !== "ready") names.add(record.queue);
  }
  return names;
}
