import type { NewPart, Outcome } from "../../domain/commands.ts";
import { newId } from "../../domain/ids.ts";
import type { JobRecord, TaskDelivery, TaskRecord } from "../../domain/records.ts";
import type { Store } from "../../ports/store/store.ts";
import type { ClaimResult, SettleResult } from "../../ports/store/tasks.ts";

export interface Held {
  taskId: string;
  lease: string;
  task: TaskRecord;
  job: JobRecord;
}

/** A worker that the test drives: the test decides what it takes and how each attempt ends. */
export interface ManualWorker {
  readonly id: string;
  /** Handed out but not yet taken. */
  readonly deliveries: TaskDelivery[];
  hand(answer: { deliveries: TaskDelivery[] }): void;
  claim(delivery: TaskDelivery, lease?: string): Promise<ClaimResult>;
  /** Claims the next delivery and expects to get it. */
  take(): Promise<Held>;
  settle(held: Pick<Held, "taskId" | "lease">, outcome: Outcome): Promise<SettleResult["outcome"]>;
  succeed(held: Held, parts?: SuccessParts): Promise<string>;
  fail(held: Held, parts?: { retryable?: boolean; retryAfterMs?: number }): Promise<string>;
  /** Sweeps, and takes over what was handed out. */
  sweep(parts?: { silenceMs?: number }): Promise<number>;
  /** Works off everything handed out; `how` returns the outcome. @default success */
  work(how?: (held: Held) => Outcome | undefined): Promise<number>;
}

/** Longer than any test, so that no worker counts as silent. */
export const LONG_SILENCE_MS = 3_600_000;

export type SuccessParts = Partial<Omit<Extract<Outcome, { kind: "succeeded" }>, "kind" | "ms">>;

export function success(parts: SuccessParts = {}): Outcome {
  const nothing = { result: null, resultFile: null, outputs: [], warnings: [] };
  return { kind: "succeeded", ...nothing, cache: true, ms: 1, ...parts };
}

/** The parts of a split: `count` of them, each with its number as data. */
export function newParts(count: number): NewPart[] {
  return Array.from({ length: count }, (_, n) => ({ name: `part-${n}`, data: n, dataFile: null, files: [] }));
}

export function failure(parts: { retryable?: boolean; retryAfterMs?: number } = {}): Outcome {
  const error = { code: "step_failed", message: "It failed." };
  return { kind: "failed", error, retryable: true, random: 0.5, ms: 1, ...parts };
}

export function createManualWorker(store: Store, id: string, now: () => number): ManualWorker {
  const deliveries: TaskDelivery[] = [];
  const hand = (answer: { deliveries: TaskDelivery[] }) => {
    deliveries.push(...answer.deliveries);
  };
  const claim: ManualWorker["claim"] = async ({ taskId, generation }, lease = newId()) => {
    const result = await store.claim({ taskId, generation, worker: id, lease, now: now(), leaseMs: 10_000 });
    hand(result);
    return result;
  };
  const settle: ManualWorker["settle"] = async ({ taskId, lease }, outcome) => {
    const result = await store.settle({ taskId, lease, now: now(), outcome });
    hand(result);
    return result.outcome;
  };
  const tryTake = async (): Promise<Held | null> => {
    const delivery = deliveries.shift()!;
    const lease = newId();
    const result = await claim(delivery, lease);
    if (!result.claimed) return null;
    const { task, job } = result;
    return { taskId: delivery.taskId, lease, task, job };
  };
  return {
    id,
    deliveries,
    hand,
    claim,
    settle,
    async take() {
      if (deliveries.length === 0) throw new Error("nothing was handed out");
      const held = await tryTake();
      if (!held) throw new Error("the delivery could not be claimed");
      return held;
    },
    succeed: (held, parts) => settle(held, success(parts)),
    fail: (held, parts) => settle(held, failure(parts)),
    async sweep({ silenceMs = LONG_SILENCE_MS } = {}) {
      const swept = await store.sweep({ now: now(), limit: 1_000, silenceMs });
      hand(swept);
      return swept.deliveries.length;
    },
    async work(how = () => undefined) {
      let worked = 0;
      while (deliveries.length > 0) {
        const held = await tryTake();
        if (!held) continue;
        worked++;
        await settle(held, how(held) ?? success());
      }
      return worked;
    },
  };
}
