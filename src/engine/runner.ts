import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "../domain/ids.ts";
import { MillraceError } from "../errors.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Step } from "../pipeline/step.ts";
import type { Consumer, Delivery } from "../ports/broker.ts";
import { Attempts } from "./attempts.ts";
import { type Batches, createBatches } from "./batches.ts";
import { stepsOf } from "./fetch-step.ts";
import { LEASE_MS } from "./leases.ts";
import { extendDeliveries } from "./ownership.ts";
import { queueName } from "./plan.ts";
import { Draining } from "./run-attempt.ts";
import { storeCalls } from "./store-calls.ts";
import { taskWork, type WorkParts } from "./task-work.ts";
import { GRACE_MS } from "./until-aborted.ts";

/** First lease of claims that come with their deliveries: a worker blocked by a step may take a while to see them. */
const CLAIMED_AHEAD_MS = 30_000;

export interface RunnerOptions extends WorkParts {
  /** Overrides the concurrency of every step. */
  concurrency?: number;
}

export interface Runner {
  /** Queues, and how many tasks of each run at once. */
  readonly queues: { [queue: string]: number };
  readonly running: number;
  start(): Promise<void>;
  /** Aborts the attempt that holds this lease, if it runs here. */
  revoke(lease: string): void;
  /**
   * Takes no new tasks; running ones have `ms` to end before they are returned uncharged. May be called again: the
   * earliest deadline applies.
   * @param ms `Infinity`: as long as they take
   * @returns how many were returned
   */
  drain(ms: number): Promise<number>;
}

/** Turns deliveries into settled tasks: claim, run, settle, acknowledge. */
export function createRunner(options: RunnerOptions): Runner {
  const { engine, worker } = options;
  const stopping = new AbortController();
  const attempts = new Attempts();
  const ownership = extendDeliveries(engine.broker);
  const consumers: Consumer[] = [];
  /** Deliveries being claimed, run or settled: everything has ended only when there are none. */
  let inHand = 0;
  const queues: { [queue: string]: number } = {};
  for (const pipeline of engine.pipelines.versions()) {
    for (const step of stepsOf(pipeline))
      queues[queueName(pipeline, step)] = options.concurrency ?? step.concurrency;
  }
  const batches = createBatches(
    ({ pipeline, step }) => queues[queueName(pipeline, step)] ?? step.concurrency,
    options.onStuck,
  );
  const deliver = deliveryHandler(options, attempts, batches, stopping.signal);

  function consume(pipeline: Pipeline, step: Step): Promise<Consumer> {
    const queue = queueName(pipeline, step);
    return engine.broker.consume(
      queue,
      { prefetch: queues[queue]!, claimFor: { worker, leaseMs: CLAIMED_AHEAD_MS } },
      async (delivery) => {
        inHand++;
        try {
          await ownership.during(delivery, () => deliver(delivery, step));
        } finally {
          inHand--;
        }
      },
    );
  }

  let deadline = Number.POSITIVE_INFINITY;
  let draining: Promise<number> | null = null;

  async function drainAll(): Promise<number> {
    stopping.abort();
    batches.drain();
    await Promise.allSettled(consumers.map((consumer) => consumer.close()));
    while (inHand > 0 && performance.now() < deadline) await sleep(20);
    const interrupted = attempts.size;
    attempts.abortAll(new Draining());
    const patience = performance.now() + GRACE_MS;
    while (inHand > 0 && performance.now() < patience) await sleep(20);
    ownership.close();
    return interrupted;
  }

  return {
    queues,
    get running() {
      return attempts.size;
    },
    async start() {
      const all = engine.pipelines
        .versions()
        .flatMap((pipeline) => stepsOf(pipeline, engine.files).map((step) => ({ pipeline, step })));
      const opened = await Promise.all(all.map(({ pipeline, step }) => consume(pipeline, step)));
      consumers.push(...opened);
    },
    revoke: (lease) => attempts.lose(lease),
    drain(ms) {
      deadline = Math.min(deadline, performance.now() + ms);
      draining ??= drainAll();
      return draining;
    },
  };
}

/** Handles one delivery: claims its task unless the claim came with it, runs it, and acknowledges it. */
function deliveryHandler(
  options: RunnerOptions,
  attempts: Attempts,
  batches: Batches,
  stopping: AbortSignal,
) {
  const { engine, worker, tracing } = options;
  const calls = storeCalls(engine.store, options.log);
  const work = taskWork(options, attempts, batches, calls);

  return async (delivery: Delivery, step: Step): Promise<void> => {
    const hint = engine.hints.read(delivery);
    if (typeof hint === "string") {
      // It names no task. A dead letter for it would let anyone fill that queue as well.
      engine.drops.add("broker", hint, delivery.queue);
      return delivery.ack().catch(ignoreLost);
    }
    const { claim: given } = delivery;
    const deliveredAt = Date.now();
    const lease = given?.task.lease ?? newId();
    if (stopping.aborted) {
      if (!given) return delivery.retry();
      await calls.settle(hint.taskId, lease, { kind: "returned", delayMs: 0 });
      return;
    }
    const claim = given ?? (await calls.claim({ ...hint, worker, lease, leaseMs: LEASE_MS }));
    if (claim.deliveries.length > 0) void engine.publishChanges(claim);
    if (claim.claimed)
      tracing.past(`claim ${delivery.queue}`, claim.job, { "millrace.worker": worker }, deliveredAt);
    const settled = claim.claimed && (await work(claim, lease, hint.taskId, step));
    if (given && settled) return;
    await delivery.ack().catch(ignoreLost);
  };
}

function ignoreLost(error: unknown): void {
  if (error instanceof MillraceError && (error.code === "lost_ownership" || error.code === "closed")) return;
  throw error;
}
