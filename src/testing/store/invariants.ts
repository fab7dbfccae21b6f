import fc from "fast-check";
import { expect } from "vitest";
import type { Outcome } from "../../domain/commands.ts";
import { JOB_ITEM, type JobRecord, type PlanStep, type TaskRecord } from "../../domain/records.ts";
import { isOpen } from "../../domain/states.ts";
import type { Store } from "../../ports/store/store.ts";
import type { DefinePoint } from "../points.ts";
import { accepted, all, each, join, OWNER, type StoreFixture, split } from "./fixture.ts";
import { logOf } from "./log.ts";
import { failure, type Held, type ManualWorker, newParts, success } from "./manual-worker.ts";

/** Events in the life of a job, in any order; numbers select among the candidates. */
type Happening =
  | { kind: "take" | "repeat" | "sweep" | "wait" | "cancel" | "reopen" | "die"; pick: number }
  | { kind: "settle"; pick: number; outcome: Outcome };

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(...[3, 1, 0].map((n) => success({ result: 1, parts: newParts(n) }))),
  },
  { weight: 2, arbitrary: fc.constant(failure()) },
  { weight: 1, arbitrary: fc.constant(failure({ retryable: false })) },
  { weight: 1, arbitrary: fc.constantFrom<Outcome>(...[0, 5_000].map(returned)) },
);
const pick = fc.nat(20);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("take" as const), pick }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("settle" as const), pick, outcome }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("repeat", "sweep", "wait"), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("cancel", "reopen", "die"), pick }) },
);
const plan: fc.Arbitrary<PlanStep[]> = fc.constantFrom(
  [each("work", { attempts: 2 })],
  [each("work", { attempts: 2 }), each("second", { attempts: 2 })],
  [each("work", { attempts: 2 }), all("gather", { attempts: 2 })],
  [each("work"), each("second"), all("gather", { needs: "every" }), all("publish")],
  [all("gather", { attempts: 2 }), all("publish")],
  [split(), each("page", { attempts: 2 }), join({ attempts: 2 }), all("gather")],
  [each("work"), split(), each("page"), each("mark"), join({ needs: "every" }), each("second")],
);

export function invariantPoints(point: DefinePoint<StoreFixture>): void {
  point(
    "invariants.hold",
    "whatever happens in whatever order, sums hold and every job ends once a run",
    async (fixture) => {
      await fc.assert(
        fc.asyncProperty(
          plan,
          fc.integer({ min: 1, max: 4 }),
          fc.array(happening, { maxLength: 40 }),
          (...given) => play(fixture, ...given),
        ),
        { numRuns: 60, endOnFailure: true },
      );
    },
    120_000,
  );
}

async function play(
  fixture: StoreFixture,
  steps: PlanStep[],
  files: number,
  story: Happening[],
): Promise<void> {
  const { store } = fixture;
  const owner = `owner-${crypto.randomUUID()}`;
  let worker = await fixture.worker();
  const { job, deliveries } = await fixture.create({ owner, files, plan: steps });
  worker.hand({ deliveries });
  const id = job.id;
  const held: Held[] = [];
  const spent: { held: Held; outcome: Outcome }[] = [];
  let open = true;

  for (const what of story) {
    if (what.kind === "take") {
      const delivery = worker.deliveries.splice(what.pick % Math.max(1, worker.deliveries.length), 1)[0];
      const claim = delivery && (await worker.claim(delivery));
      if (claim?.claimed) held.push({ ...claim, taskId: delivery!.taskId, lease: claim.task.lease! });
    } else if (what.kind === "settle") {
      const one = held.splice(what.pick % Math.max(1, held.length), 1)[0];
      if (!one) continue;
      await worker.settle(one, what.outcome);
      spent.push({ held: one, outcome: what.outcome });
    } else if (what.kind === "repeat") {
      const one = spent[what.pick % Math.max(1, spent.length)];
      if (one) await worker.settle(one.held, one.outcome);
    } else if (what.kind === "sweep") {
      await worker.sweep();
    } else if (what.kind === "wait") {
      fixture.pass(what.pick * 2_000);
    } else if (what.kind === "reopen") {
      const reopened = await store.reopenJob({ owner, id, now: fixture.now() });
      if (reopened.ok) worker.hand(reopened);
    } else if (what.kind === "cancel" && what.pick % 4 === 0) {
      const cancelled = await store.cancelJob({ owner, id, now: fixture.now() });
      if (cancelled.ok) open = false;
    } else if (what.kind === "die") {
      const gone = await store.workerGone({ worker: worker.id, now: fixture.now() });
      const handed = worker.deliveries;
      worker = await fixture.worker();
      worker.hand({ deliveries: [...handed, ...gone.deliveries] });
    }
    await check(fixture, owner, id);
  }
  await finish(fixture, worker, owner, id);
  const ended = (await store.job({ owner, id }))!;
  expect(ended.finishedAt).not.toBeNull();
  if (!open) expect(ended.state).toBe("cancelled");
  await check(fixture, owner, id);
  accepted(await store.removeJob({ owner, id, now: fixture.now() }));
  await store.workerGone({ worker: worker.id, now: fixture.now() });
}

/** Waiting alone must end a job from any state. */
async function finish(fixture: StoreFixture, worker: ManualWorker, owner: string, id: string): Promise<void> {
  for (let round = 0; round < 30; round++) {
    const job = await fixture.store.job({ owner, id });
    if (job!.finishedAt !== null) return;
    fixture.pass(61_000);
    await worker.sweep();
    await worker.work();
  }
  throw new Error("the job is stuck");
}

async function check({ store }: StoreFixture, owner: string, id: string): Promise<void> {
  const job = (await store.job({ owner, id }))!;
  const items = await store.items({ jobId: id, limit: 100 });
  const count = (...states: string[]) => items.filter((item) => states.includes(item.state)).length;
  const ended = count("succeeded", "dead", "cancelled");
  expect(job.total).toBe(items.length);
  expect(job.remaining).toBe(items.length - ended);
  expect([job.done, job.failed, job.cancelled]).toEqual([
    count("succeeded"),
    count("dead"),
    count("cancelled"),
  ]);
  const each = job.plan.filter((step) => step.kind !== "all").length;
  let failedParts = 0;
  for (const item of items) failedParts += await checkParts(store, job, item);
  expect(job.failedParts).toBe(failedParts);
  expect(job.stepsDone).toBeGreaterThanOrEqual(0);
  expect(job.stepsDone).toBeLessThanOrEqual(job.total * each + job.plan.length - each);
  for (const item of items) {
    expect(item.attempt).toBeGreaterThanOrEqual(0);
    expect(item.attempt).toBeLessThanOrEqual(job.plan[item.step]!.attempts);
    if (job.finishedAt !== null) expect(["succeeded", "dead", "cancelled"]).toContain(item.state);
  }
  const events = await logOf(store, owner);
  const ends = events.filter((event) => /^job\.(succeeded|partial|failed|cancelled)$/.test(event.type));
  const runs = 1 + events.filter((event) => event.type === "job.reopened").length;
  expect(job.run).toBe(runs);
  // A replay while others run begins the next run before the previous one has ended.
  expect(ends.length).toBeLessThanOrEqual(runs);
  if (job.finishedAt !== null) expect(ends.at(-1)!.type).toBe(`job.${job.state}`);
  expect(events.some((event) => event.data.index === JOB_ITEM)).toBe(false);
  expect(owner).not.toBe(OWNER);
}

/** @returns dead letters among the parts of an item */
async function checkParts(store: Store, job: JobRecord, item: TaskRecord): Promise<number> {
  const parts = await store.parts({ jobId: job.id, item: item.item, limit: 100 });
  const count = (state: string) => parts.filter((part) => part.state === state).length;
  const { total, done, failed } = item.split ?? { total: 0, done: 0, failed: 0 };
  expect([total, done, failed]).toEqual([parts.length, count("succeeded"), count("dead")]);
  if (item.state === "split") expect(done + failed).toBeLessThan(total);
  else expect(done + failed + count("cancelled")).toBe(total);
  if (job.finishedAt !== null) expect(parts.every((part) => !isOpen(part))).toBe(true);
  return failed;
}

function returned(delayMs: number): Outcome {
  return { kind: "returned", delayMs };
}
