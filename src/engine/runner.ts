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

/** For claims that come with their deliveries: a worker that a step blocks takes a while to look at them. */
const CLAIMED_AHEAD_MS = 30_000;

export interface RunnerOptions extends WorkParts {
  /** Overrides the concurrency of every step. */
  concurrency?: number;
}

export interface Runner {
  /** Queues with the tasks of each that run at once. */
  readonly queues: { [queue: string]: number };
  readonly running: number;
  start(): Promise<void>;
  /** Stops the attempt that holds this lease, if it runs here. */
  revoke(lease: string): void;
  /** Takes no more tasks; those running have `ms` to end before they are handed back uncharged. */
  drain(ms: number): Promise<void>;
}

/** Turns deliveries into settled tasks: claim, run, settle, acknowledge. */
export function createRunner(options: RunnerOptions): Runner {
  const { engine, worker } = options;
  const stopping = new AbortController();
  const attempts = new Attempts();
  const ownership = extendDeliveries(engine.broker);
  const consumers: Consumer[] = [];
  /** Deliveries that are being claimed, run or settled: only when there are none has everything ended. */
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
    async drain(ms) {
      stopping.abort();
      batches.drain();
      await Promise.allSettled(consumers.map((consumer) => consumer.close()));
      const deadline = performance.now() + ms;
      while (inHand > 0 && performance.now() < deadline) await sleep(20);
      attempts.abortAll(new Draining());
      while (inHand > 0 && performance.now() < deadline + GRACE_MS) await sleep(20);
      ownership.close();
    },
  };
}

/** What becomes of one delivery: its task is claimed where that did not come with it, worked on, and acknowledged. */
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
      // It is nobody's work: a dead letter of it would let anyone fill that queue, too.
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
