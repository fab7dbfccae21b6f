import { setTimeout as sleep } from "node:timers/promises";
import type { Claim, Outcome } from "../domain/commands.ts";
import { isRetryable, type MillraceError } from "../errors.ts";
import type { StepLog } from "../pipeline/context.ts";
import type { Store } from "../ports/store/store.ts";
import { failureOf, loggedOf } from "./outcome.ts";

const OUTAGE_WAIT_MS = 500;

/**
 * A worker's calls to the store. Each is repeated until the store answers; meanwhile the prefetch limit holds back
 * further deliveries.
 */
export function storeCalls(store: Pick<Store, "claim" | "settle" | "now">, log: StepLog) {
  async function persist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if ((error as MillraceError).code === "closed") throw error;
        log.warn("the store cannot be reached", { error: (error as Error).message });
        await sleep(OUTAGE_WAIT_MS);
        // After the pause, because its delivery comes again at once.
        if (!isRetryable(error)) throw error;
      }
    }
  }

  return {
    claim: (command: Omit<Claim, "now">) => persist(() => store.claim({ ...command, now: store.now() })),

    /** Settles the task, as a permanent failure if the records cannot store what the step made. */
    async settle(taskId: string, lease: string, outcome: Outcome) {
      const ask = (what: Outcome) => store.settle({ taskId, lease, now: store.now(), outcome: what });
      try {
        return await persist(() => ask(outcome));
      } catch (error) {
        if (outcome.kind !== "succeeded" || (error as MillraceError).code === "closed") throw error;
        const failed = unrecordable(error, outcome.ms);
        log.error("a result cannot be stored", { task: taskId, ...loggedOf(failed) });
        return persist(() => ask(failed));
      }
    },
  };
}

export type StoreCalls = ReturnType<typeof storeCalls>;

function unrecordable(cause: unknown, ms: number): Outcome {
  const { message, detail } = failureOf(cause);
  const error = {
    code: "step_failed",
    message: `The result of the step cannot be stored: ${message.slice(0, 500)}`,
    detail,
  };
  return { kind: "failed", error, retryable: false, random: 0, ms };
}
