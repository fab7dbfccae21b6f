import type { Claim } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import type { TaskDelivery } from "../../domain/records.ts";
import { packTask } from "../../domain/stored.ts";
import type { ClaimResult } from "../../ports/store/tasks.ts";
import { fillWindows } from "./backlog.ts";
import type { StoreClock } from "./clock.ts";
import type { SqliteLedger } from "./ledger.ts";
import type { Queues } from "./queues.ts";
import { hintOf, type Window } from "./window.ts";

/** What the writer's parts share. */
export interface HandOverParts {
  ledger: SqliteLedger;
  queues: Queues;
  window: Window;
  clock: StoreClock;
  /** The embedded broker is in use. */
  publishes: boolean;
  claim(command: Claim): ClaimResult;
}

/** Hands over due tasks of a transaction: to the embedded broker, or with a caller's answer. */
export class HandOver {
  readonly #parts: HandOverParts;

  constructor(parts: HandOverParts) {
    this.#parts = parts;
  }

  /** To the embedded broker. If the transaction fails, these hints lead nowhere. */
  publish(deliveries: TaskDelivery[]): void {
    const { window } = this.#parts;
    for (const [queue, tasks] of Map.groupBy(deliveries, (delivery) => delivery.queue)) {
      window.publish(queue, tasks);
    }
    this.#claimAssigned();
  }

  /** Moves tasks from the backlog as far as the windows have room. @param values the answers of the transaction */
  refill(values: unknown[]): void {
    const { ledger, queues, clock, publishes } = this.#parts;
    const bearer = values.find((value) =>
      Array.isArray((value as { deliveries?: unknown } | null)?.deliveries),
    ) as { deliveries: TaskDelivery[] } | undefined;
    if (!publishes && !bearer) return;
    ledger.deliveries = [];
    fillWindows(ledger, queues, clock.now());
    if (publishes) this.publish(ledger.deliveries);
    else bearer!.deliveries = [...bearer!.deliveries, ...ledger.deliveries];
  }

  /** Claims tasks for workers on delivery, which saves them a call and the store a transaction. */
  #claimAssigned(): void {
    const { ledger, queues, window, clock, claim } = this.#parts;
    for (let n = 0; n < window.assigned().length; ) {
      const assigned = window.assigned()[n]!;
      const { claimFor } = assigned.subscriber;
      if (!claimFor || assigned.claim) {
        n++;
        continue;
      }
      if (!queues.workers.has(claimFor.worker)) {
        // Its process has ended although some of its connections remain, or it was silent for too long.
        window.refuse(assigned);
        continue;
      }
      const { taskId, generation } = hintOf(assigned);
      const now = clock.now();
      ledger.now = now;
      const lease = newId(now);
      const claimed = claim({ taskId, generation, lease, now, ...claimFor });
      if (!claimed.claimed) {
        window.drop(assigned);
        continue;
      }
      const { task, job } = claimed;
      window.claimed(assigned, lease, { task: packTask(task), job });
    }
  }
}
