import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome } from "../domain/commands.ts";
import { FETCH_STEP } from "../domain/fetching.ts";
import { newId } from "../domain/ids.ts";
import { partAt } from "../domain/parts.ts";
import { isRetryable, MillraceError } from "../errors.ts";
import type { StepLog } from "../pipeline/context.ts";
import { LONGEST_TIMER_MS } from "../pipeline/durations.ts";
import type { NewPart } from "../pipeline/parts.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Step } from "../pipeline/step.ts";
import type { Consumer, Delivery } from "../ports/broker.ts";
import type { ClaimResult } from "../ports/store/tasks.ts";
import { Attempts, LeaseLost } from "./attempts.ts";
import { createBatches } from "./batches.ts";
import type { Engine } from "./engine.ts";
import { stepsOf } from "./fetch-step.ts";
import { type Isolation, type RunStep, SharedChildDied, type Suspects } from "./isolation.ts";
import { type HeldLease, LEASE_MS, type Leases } from "./leases.ts";
import { memoryShare } from "./memory-share.ts";
import { failureOf, outcomeOf } from "./outcome.ts";
import { extendDeliveries } from "./ownership.ts";
import { partsProgress } from "./parts-progress.ts";
import { queueName } from "./plan.ts";
import { type SharedMemory, sharedMemory } from "./shared-memory.ts";
import { type Running, stepContext } from "./step-context.ts";
import { stepTime } from "./step-time.ts";
import { causeOf, StepTimeout } from "./step-timeout.ts";
import type { Threads } from "./threads.ts";
import type { Tracing } from "./tracing.ts";
import { GRACE_MS, untilAborted } from "./until-aborted.ts";

/** For claims that come with their deliveries: a worker that a step blocks takes a while to look at them. */
const CLAIMED_AHEAD_MS = 30_000;
const OUTAGE_WAIT_MS = 500;
const MIB = 1024 * 1024;

export interface RunnerOptions {
  engine: Engine;
  /** The id of this worker, new for each process. */
  worker: string;
  leases: Leases;
  threads: Threads;
  isolation: Isolation;
  suspects: Suspects;
  /** What the steps of this machine reserve of it. */
  memory: SharedMemory;
  log: StepLog;
  tracing: Tracing;
  /** Overrides the concurrency of every step. */
  concurrency?: number;
  /** What the ceilings of the isolated steps that run here may be together. @default any amount */
  memoryMiB?: number;
  /** A step ignores its signal: the process should drain and end. */
  onStuck(): void;
  onSettled?(step: { queue: string; outcome: Outcome["kind"]; ms: number }): void;
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

type Held = Extract<ClaimResult, { claimed: true }>;

/** Turns deliveries into settled tasks: claim, run, settle, acknowledge. */
export function createRunner(options: RunnerOptions): Runner {
  const { engine, worker, leases, threads, isolation, suspects, log, tracing } = options;
  const { store, broker } = engine;
  const ceilings = sharedMemory((options.memoryMiB ?? Number.POSITIVE_INFINITY) * MIB);
  const ownership = extendDeliveries(broker);
  const tellParts = partsProgress(engine.bus);
  const stopping = new AbortController();
  const attempts = new Attempts();
  /** Deliveries that are being claimed, run or settled: only when there are none has everything ended. */
  let inHand = 0;
  const consumers: Consumer[] = [];
  const queues: { [queue: string]: number } = {};
  for (const pipeline of engine.pipelines.versions()) {
    for (const step of stepsOf(pipeline))
      queues[queueName(pipeline, step)] = options.concurrency ?? step.concurrency;
  }

  const batches = createBatches(
    ({ pipeline, step }) => queues[queueName(pipeline, step)] ?? step.concurrency,
    options.onStuck,
  );

  /** Repeats a call of the store until it answers: the prefetch keeps further deliveries away meanwhile. */
  async function persist<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if ((error as MillraceError).code === "closed") throw error;
        log.warn("the records cannot be reached", { error: (error as Error).message });
        await sleep(OUTAGE_WAIT_MS);
        // After the pause: its delivery comes again at once.
        if (!isRetryable(error)) throw error;
      }
    }
  }

  async function deliver(delivery: Delivery, step: Step): Promise<void> {
    const hint = engine.hints.read(delivery);
    if (typeof hint === "string") {
      // It is nobody's work: a dead letter of it would let anyone fill that queue, too.
      engine.drops.add("broker", hint, delivery.queue);
      return delivery.ack().catch(ignoreLost);
    }
    const { claim: given } = delivery;
    const deliveredAt = Date.now();
    const lease = given?.task.lease ?? newId();
    if (stopping.signal.aborted) {
      if (!given) return delivery.retry();
      await settle(hint.taskId, lease, { kind: "returned", delayMs: 0 });
      return;
    }
    const claim =
      given ??
      (await persist(() => store.claim({ ...hint, worker, lease, now: store.now(), leaseMs: LEASE_MS })));
    if (claim.deliveries.length > 0) void engine.publishChanges(claim);
    if (claim.claimed)
      tracing.past(`claim ${delivery.queue}`, claim.job, { "millrace.worker": worker }, deliveredAt);
    const settled = claim.claimed && (await work(claim, lease, hint.taskId, step));
    if (given && settled) return;
    await delivery.ack().catch(ignoreLost);
  }

  /** @returns whether the task was settled */
  async function work(claim: Held, lease: string, taskId: string, step: Step): Promise<boolean> {
    const { task } = claim;
    const { queue } = claim.job.plan[task.step]!;
    const stop = attempts.begin(taskId, lease);
    const held = leases.hold(taskId, lease, () => attempts.lose(lease));
    const leave = step.isolate ? await beneath(ceilings, step.isolate.memoryMiB * MIB, stop.signal) : null;
    const began = performance.now();
    try {
      const attempt = (runStep: RunStep) => run(claim, held, step, stop, runStep);
      const traced = {
        "millrace.item": task.item,
        "millrace.attempt": task.attempt,
        "millrace.worker": worker,
      };
      const outcome = await tracing.during(`step ${queue}`, claim.job, traced, () =>
        task.suspect && !step.isolate && step.name !== FETCH_STEP
          ? suspects.run({ deaths: task.deaths, signal: stop.signal }, attempt)
          : attempt(step.isolate ? isolation.run : step.batch ? batches.run : runHere),
      );
      if (outcome) {
        const ended = { ...traced, "millrace.outcome": outcome.kind };
        const settled = await tracing.during(`commit ${queue}`, claim.job, ended, () =>
          settle(taskId, lease, outcome),
        );
        if (settled.deliveries.length > 0) void engine.publishChanges(settled);
        if (settled.parts) tellParts(claim.job, task, settled.parts);
        options.onSettled?.({ queue, outcome: outcome.kind, ms: performance.now() - began });
      }
      return outcome !== null;
    } finally {
      held.release();
      attempts.end(taskId, lease);
      leave?.();
    }
  }

  /** Settles the task; as a failure for good when the records cannot keep what the step made. */
  async function settle(taskId: string, lease: string, outcome: Outcome) {
    const ask = (what: Outcome) => store.settle({ taskId, lease, now: store.now(), outcome: what });
    try {
      return await persist(() => ask(outcome));
    } catch (error) {
      if (outcome.kind !== "succeeded" || (error as MillraceError).code === "closed") throw error;
      const failed = unrecordable(error, outcome.ms);
      log.error("a result cannot be recorded", { task: taskId, ...toldOf(failed) });
      return persist(() => ask(failed));
    }
  }

  /** In this process. */
  const runHere: RunStep = ({ step, context, signal }) =>
    untilAborted(
      Promise.resolve().then(() => step.run(context as never)),
      signal,
      options.onStuck,
    );

  /** One attempt; `null` when its lease is lost, so that there is nothing to settle. */
  async function run(
    { task, job }: Held,
    held: HeldLease,
    step: Step,
    stop: AbortController,
    runStep: RunStep,
  ): Promise<Outcome | null> {
    const began = performance.now();
    const ms = () => Math.round(performance.now() - began);
    // Jobs created before longer times were refused keep theirs.
    const timeoutMs = Math.min(job.plan[task.step]!.timeoutMs, LONGEST_TIMER_MS);
    const time = stepTime(timeoutMs, {
      runs: (leftMs) => held.began(leftMs + GRACE_MS),
      rests: () => held.ended(),
      isOver: () => stop.abort(new StepTimeout(step.name, timeoutMs)),
    });
    const share = memoryShare(options.memory, step, stop.signal, time);
    const place = partAt(task.item) ?? { item: task.item };
    const taskLog = childLog(log, { job: job.id, ...place, step: step.name, attempt: task.attempt });
    let attempt: Running | null = null;
    let kept = false;
    try {
      stop.signal.throwIfAborted();
      attempt = await stepContext(
        { ...engine, threads, memory: share, log: taskLog },
        { task, job },
        stop.signal,
        held.pinned,
      );
      const { context, outputs, warnings } = attempt;
      const pipeline = { name: job.pipeline, version: job.version };
      const returned = await runStep({ pipeline, step, context, signal: stop.signal, time });
      stop.signal.throwIfAborted();
      const returnedAs = await (step.kind === "split"
        ? attempt.keepParts(returned as NewPart[])
        : attempt.keep(returned));
      kept = true;
      const children = attempt.children();
      const made = { outputs, warnings: warnings.list(), ...(children.length > 0 && { children }) };
      return { kind: "succeeded", ...returnedAs, ...made, ms: ms() };
    } catch (error) {
      const cause = causeOf(error, stop.signal);
      if (cause instanceof LeaseLost) return null;
      if (cause instanceof SharedChildDied) throw cause;
      if (cause instanceof Draining) return { kind: "returned", delayMs: 0 };
      const outcome = outcomeOf(cause, ms());
      taskLog.warn(`${step.name} ${outcome.kind}`, toldOf(outcome, cause));
      return outcome;
    } finally {
      time.stop();
      share.release();
      await attempt?.clean(kept).catch(() => {});
    }
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

  function consume(pipeline: Pipeline, step: Step): Promise<Consumer> {
    const queue = queueName(pipeline, step);
    return broker.consume(
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
}

/** Waits until one more ceiling fits; a higher one than all that may be used fits when there is no other. */
async function beneath(ceilings: SharedMemory, bytes: number, signal: AbortSignal): Promise<() => void> {
  try {
    return await ceilings.take(Math.min(bytes, ceilings.bytes), signal);
  } catch {
    // It is aborted, which the attempt says itself.
    return () => {};
  }
}

class Draining extends Error {}

function unrecordable(cause: unknown, ms: number): Outcome {
  const { message, detail } = failureOf(cause);
  const error = {
    code: "step_failed",
    message: `The result of the step cannot be recorded: ${message.slice(0, 500)}`,
    detail,
  };
  return { kind: "failed", error, retryable: false, random: 0, ms };
}

/** For the log: the whole error, and what a client reads of it, which holds the reference. */
function toldOf(outcome: Outcome, cause?: unknown): Record<string, unknown> {
  if (outcome.kind !== "failed") return { error: (cause as Error)?.message };
  const { message, detail } = outcome.error;
  return detail === undefined ? { error: message } : { error: detail, answered: message };
}

function childLog(log: StepLog, context: object): StepLog {
  return {
    debug: (message, details) => log.debug(message, { ...context, ...details }),
    info: (message, details) => log.info(message, { ...context, ...details }),
    warn: (message, details) => log.warn(message, { ...context, ...details }),
    error: (message, details) => log.error(message, { ...context, ...details }),
  };
}

function ignoreLost(error: unknown): void {
  if (error instanceof MillraceError && (error.code === "lost_ownership" || error.code === "closed")) return;
  throw error;
}
