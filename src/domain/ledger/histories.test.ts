import fc from "fast-check";
import { expect, test } from "vitest";
import { creation, MemoryLedger } from "../../testing/memory-ledger.ts";
import { all, each } from "../../testing/store/fixture.ts";
import { failure, success } from "../../testing/store/manual-worker.ts";
import type { Outcome } from "../commands.ts";
import { JOB_ITEM, type PlanStep, type TaskDelivery } from "../records.ts";
import { hasEnded, isOpen, isTerminal } from "../states.ts";
import { claim } from "./claim.ts";
import { requestCancel, requestJob, requestReopening } from "./requests.ts";
import { loseLease, settle } from "./settle.ts";
import { wake } from "./sweep.ts";

/** Events in the life of a job, in any order; `pick` selects among the candidates. */
type Happening =
  | { kind: "take" | "repeat" | "wake" | "cancel" | "reopen" | "lose"; pick: number }
  | { kind: "settle"; pick: number; outcome: Outcome };

const outcome = fc.oneof(
  { weight: 5, arbitrary: fc.constant(success({ result: 1 })) },
  { weight: 2, arbitrary: fc.constantFrom(failure(), failure({ retryable: false })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Outcome>(
      { kind: "returned", delayMs: 0 },
      { kind: "returned", delayMs: 5_000 },
      { kind: "died" },
    ),
  },
);
const pick = fc.nat(20);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("take" as const), pick }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("settle" as const), pick, outcome }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("repeat", "wake", "lose"), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("cancel", "reopen"), pick }) },
);
const plans: fc.Arbitrary<PlanStep[]> = fc.constantFrom(
  [each("work", { attempts: 2 })],
  [each("work", { cacheKey: "work" }), each("second", { attempts: 1 })],
  [each("work"), all("gather", { attempts: 2 })],
  [each("work"), all("gather", { needs: "every" }), all("publish")],
  [all("gather", { attempts: 1 }), all("publish")],
);

test("whatever happens in whatever order, sums hold and the job comes to its end", () => {
  fc.assert(
    fc.property(
      plans,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(happening, { maxLength: 60 }),
      (plan, files, room, story) => {
        const history = new History(plan, files, room);
        for (const what of story) {
          history.happen(what);
          history.check();
        }
        history.finish();
        history.check();
      },
    ),
    { numRuns: 500 },
  );
});

class History {
  readonly #records = new MemoryLedger();
  readonly #id: string;
  readonly #held: { taskId: string; lease: string }[] = [];
  readonly #spent: { taskId: string; lease: string; outcome: Outcome }[] = [];
  #now = 1_000;
  #leases = 0;

  constructor(plan: PlanStep[], files: number, room: number) {
    for (const { queue } of plan) this.#records.room.set(queue, room);
    const input = this.#records.upload("file");
    const items = Array.from({ length: files }, (_, n) => ({ name: `${n}`, input }));
    const command = creation({ plan, items, pinned: ["file"] });
    this.#id = command.id;
    this.#records.run((ledger) => requestJob(ledger, command));
  }

  happen(what: Happening): void {
    const id = this.#id;
    const onJob = { owner: "owner", id, now: this.#now };
    if (what.kind === "take") this.#take(chosen(this.#records.deliveries, what.pick));
    else if (what.kind === "settle") {
      const [held] = this.#held.splice(what.pick % Math.max(1, this.#held.length), 1);
      if (held) this.#settle({ ...held, outcome: what.outcome });
    } else if (what.kind === "repeat") {
      const spent = chosen(this.#spent, what.pick);
      const before = this.#records.events.length;
      if (spent) this.#records.run((ledger) => settle(ledger, { ...spent, now: this.#now }));
      expect(this.#records.events).toHaveLength(before);
    } else if (what.kind === "wake") this.#pass(what.pick * 2_000);
    else if (what.kind === "lose") this.#lose(what.pick);
    else if (what.kind === "cancel") this.#records.run((ledger) => requestCancel(ledger, onJob));
    else this.#records.run((ledger) => requestReopening(ledger, onJob));
  }

  #take(delivery: TaskDelivery | undefined): void {
    if (!delivery) return;
    const lease = `lease-${this.#leases++}`;
    const { taskId, generation } = delivery;
    const command = { taskId, generation, worker: "worker", lease, now: this.#now, leaseMs: 10_000 };
    const taken = this.#records.run((ledger) => claim(ledger, command));
    if (!taken.claimed) return;
    this.#leaveSlot(delivery.queue);
    this.#held.push({ taskId, lease });
    // The same delivery again, to another worker.
    const other = { ...command, lease: "other", worker: "other" };
    expect(this.#records.run((ledger) => claim(ledger, other)).claimed).toBe(false);
  }

  #settle(held: { taskId: string; lease: string; outcome: Outcome }): void {
    this.#records.run((ledger) => settle(ledger, { ...held, now: this.#now }));
    this.#spent.push(held);
  }

  #lose(pick: number): void {
    const leased = this.#tasks().filter((task) => task.state === "leased");
    const lost = chosen(leased, pick);
    if (!lost) return;
    this.#records.run((ledger) => {
      loseLease(ledger, ledger.job(this.#id)!, ledger.task(this.#id, lost.item)!, pick % 2 === 0, this.#now);
    });
  }

  /** Time passes, and a sweep hands out what is due and what the window has room for. */
  #pass(ms: number): void {
    this.#now += ms;
    for (const { item } of this.#records.due(this.#now)) {
      this.#records.run((ledger) => {
        const task = ledger.task(this.#id, item)!;
        wake(ledger, ledger.job(this.#id)!, task, this.#now);
      });
    }
  }

  #leaveSlot(queue: string): void {
    this.#records.room.set(queue, this.#records.room.get(queue)! + 1);
  }

  #tasks() {
    return this.#records.run((ledger) => ledger.tasks(this.#id));
  }

  #job() {
    return this.#records.run((ledger) => ledger.job(this.#id))!;
  }

  /** Waiting alone ends the job from any state: nothing is stuck. */
  finish(): void {
    for (let round = 0; round < 40 && !hasEnded(this.#job()); round++) {
      for (const task of this.#tasks().filter(({ state }) => state === "ready")) this.#fill(task.item);
      for (const delivery of this.#records.deliveries.splice(0)) {
        this.#take(delivery);
        for (const held of this.#held.splice(0)) this.#settle({ ...held, outcome: success() });
      }
      this.#pass(61_000);
    }
    expect(hasEnded(this.#job())).toBe(true);
  }

  /** Hands out a task as a store does from its backlog. */
  #fill(item: number): void {
    this.#records.run((ledger) => {
      const task = ledger.task(this.#id, item)!;
      task.generation++;
      task.state = "published";
      task.wakeAt = this.#now + 10_000;
      ledger.changedTask(task);
      ledger.deliver({ taskId: `${this.#id}.${item === JOB_ITEM ? "all" : item}`, ...task });
    });
  }

  check(): void {
    const job = this.#job();
    const items = this.#tasks().filter((task) => task.item !== JOB_ITEM);
    const count = (state: string) => items.filter((item) => item.state === state).length;
    expect(job.remaining).toBe(items.filter(isOpen).length);
    expect([job.done, job.failed, job.cancelled]).toEqual(["succeeded", "dead", "cancelled"].map(count));
    const eachSteps = job.plan.filter(({ kind }) => kind === "each").length;
    expect(job.stepsDone).toBeGreaterThanOrEqual(0);
    expect(job.stepsDone).toBeLessThanOrEqual(job.total * eachSteps + job.plan.length - eachSteps);
    for (const task of this.#tasks()) {
      expect(task.attempt).toBeGreaterThanOrEqual(0);
      expect(task.attempt).toBeLessThanOrEqual(job.plan[task.step]!.attempts);
      const steps = task.trail.map(({ step }) => job.plan.findIndex(({ name }) => name === step));
      expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
      // While the task is at a step, it holds what that step made; later the trail does.
      const unkept = task.trail.filter(({ startedAt }) => startedAt === undefined);
      expect(unkept.length).toBe(steps.at(-1) === task.step ? 1 : 0);
      if (hasEnded(job)) expect(isOpen(task)).toBe(false);
      // A worker has it, or it has a wake-up time, or it waits for room.
      else if (isOpen(task)) expect(task.wakeAt !== null || task.state === "ready").toBe(true);
    }
    const types = this.#records.types(this.#id);
    const runs = 1 + types.filter((type) => type === "job.reopened").length;
    expect(job.run).toBe(runs);
    expect(types.filter(isTerminal).length).toBeLessThanOrEqual(runs);
    if (hasEnded(job)) expect(types.findLast(isTerminal)).toBe(`job.${job.state}`);
  }
}

function chosen<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}
