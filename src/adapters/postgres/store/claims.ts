import type { Settle } from "../../../domain/commands.ts";
import { newId, taskId } from "../../../domain/ids.ts";
import type { Delivery, DeliveryHandler } from "../../../ports/broker.ts";
import type { SettleResult } from "../../../ports/store/tasks.ts";
import { deliver } from "../../deliver.ts";
import type { ServerClock } from "./clock.ts";
import { claimNext, type Next } from "./operations.ts";
import { Pace } from "./pace.ts";
import type { Entry } from "./transaction.ts";
import type { Windows } from "./windows.ts";

const RETRY_MS = 200;
/** After this time, what another worker had locked is either claimed or free again. */
const LOCKED_MS = 100;
/** How many idle workers try at once to claim new work; more would mostly come too late. */
const EAGER = 4;

/** Claims that wait longer than this for a slot are returned, because others may have one free. */
const PATIENCE_MS = 1_000;

type Claim = Next["claims"][number];

export interface ClaimerOptions {
  queue: string;
  claimFor: { worker: string; leaseMs: number };
  handler: DeliveryHandler;
  /** Tasks at once. */
  prefetch: number;
  /** Slots used by something else, such as deliveries. */
  taken(): number;
  /** A slot is free, and may be used for something else before the next claim takes it. */
  freed(): void;
}

/** A consumer whose tasks are claimed in the transaction that hands them out. */
export class Claimer {
  readonly options: ClaimerOptions;
  open = true;
  /** There may be work for it. */
  hungry = true;
  /** Claims in progress whose steps have not ended. */
  running = 0;
  /** Claims that wait for a slot. */
  readonly ahead: { claim: Claim; at: number }[] = [];
  /** Claims being committed. */
  asked = 0;
  /** Their transactions, until the resulting claims are in hand or returned. */
  readonly asking = new Set<Promise<void>>();
  /** Tokens of claims that may have succeeded although their answers were lost. */
  readonly lost: string[] = [];
  /** The owner that was served last. */
  last = "";
  readonly pace = new Pace();
  timer: NodeJS.Timeout | null = null;

  constructor(options: ClaimerOptions) {
    this.options = options;
  }

  /** Free slots. */
  get room(): number {
    const { prefetch, taken } = this.options;
    return this.open ? prefetch - taken() - this.running : 0;
  }

  /** How many claims to request: if steps are short, some more than can run at once. */
  get wish(): number {
    const reserve = this.pace.reserve();
    const worthwhile = reserve * 2 > this.options.prefetch ? reserve : 0;
    return this.room + worthwhile - this.ahead.length - this.asked;
  }
}

interface Parts {
  clock: ServerClock;
  windows: Windows;
  /** Starts a transaction if there is something to claim. */
  nudge(): void;
  settle(command: Settle): Promise<SettleResult>;
}

/**
 * Hands out backlog tasks together with their claims, without writing deliveries. A transaction that ends tasks claims
 * as many new ones, so that a busy worker needs one commit for both.
 */
export class Claims {
  readonly #parts: Parts;
  readonly #claimers = new Set<Claimer>();
  /** The claimer of each lease. */
  readonly #held = new Map<string, Claimer>();
  /** A broker of this process hands out its tasks. */
  inUse = false;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  add(options: ClaimerOptions): Claimer {
    const claimer = new Claimer(options);
    this.#claimers.add(claimer);
    this.#parts.nudge();
    return claimer;
  }

  /** The queues whose tasks it hands out. */
  get queues(): string[] {
    return [...new Set([...this.#claimers].map((claimer) => claimer.options.queue))];
  }

  /** Slots may have become free. */
  nudge(): void {
    for (const claimer of this.#claimers) this.#fill(claimer);
    this.#parts.nudge();
  }

  /**
   * The backlog of a queue has grown, as all of its workers learn at once. Returns whether this process should check
   * for leftovers shortly instead: the workers draw lots, and only a few try at once.
   */
  announce(queue: string): boolean {
    const mine = [...this.#claimers].filter((claimer) => claimer.options.queue === queue);
    const isIdle = mine.some((claimer) => claimer.open && claimer.wish > 0);
    if (isIdle && Math.random() * this.#parts.windows.claimers(queue) > EAGER) return true;
    this.wake([queue]);
    return false;
  }

  /** There may be work in these queues; by default, in any queue. */
  wake(queues?: readonly string[]): void {
    for (const claimer of this.#claimers) {
      if (queues === undefined || queues.includes(claimer.options.queue)) claimer.hungry = true;
    }
    this.#parts.nudge();
  }

  /** Claims to include in the next commit. */
  wishes(): Entry[] {
    if (this.#closed) return [];
    return [...this.#claimers]
      .filter((claimer) => claimer.open && claimer.hungry && claimer.wish > 0)
      .map((claimer) => this.#wish(claimer, claimer.wish));
  }

  #wish(claimer: Claimer, limit: number): Entry {
    const { queue, claimFor } = claimer.options;
    const lost = claimer.lost.shift();
    const token = lost ?? newId();
    const pick = { queue, limit, after: claimer.last, worker: claimFor.worker, token };
    const { promise: asking, resolve: answered } = Promise.withResolvers<void>();
    claimer.hungry = false;
    claimer.asked += limit;
    claimer.asking.add(asking);
    const began = performance.now();
    const answer = async (take: () => Promise<void> | void) => {
      claimer.pace.came(performance.now() - began);
      claimer.asked -= limit;
      await take();
      claimer.asking.delete(asking);
      answered();
    };
    return {
      operation: claimNext(pick, claimFor.leaseMs),
      repeated: lost !== undefined,
      resolve: (next) => void answer(() => this.#take(claimer, next as Next)),
      reject: () =>
        void answer(() => {
          claimer.lost.push(token);
          setTimeout(() => this.wake([queue]), RETRY_MS).unref();
        }),
    };
  }

  /** Runs at once: the claims count as in hand from now on. */
  async #take(claimer: Claimer, { claims, last, more, locked }: Next): Promise<void> {
    const at = performance.now();
    claimer.ahead.push(...claims.map((claim) => ({ claim, at })));
    claimer.last = last;
    if (more || claimer.lost.length > 0) claimer.hungry = true;
    if (locked) setTimeout(() => this.wake([claimer.options.queue]), LOCKED_MS).unref();
    if (!claimer.open) return this.#giveBack(claimer, at);
    this.#fill(claimer);
    if (claimer.hungry) this.#parts.nudge();
  }

  /** Hands waiting claims to the consumer as far as it has slots. */
  #fill(claimer: Claimer): void {
    while (claimer.room > 0 && claimer.ahead.length > 0) {
      const { claim } = claimer.ahead.shift()!;
      claimer.running++;
      this.#held.set(claim.task.lease!, claimer);
      deliver(claimer.options.handler, this.#delivery(claimer, claim));
    }
    if (claimer.ahead.length === 0 || claimer.timer) return;
    const until = claimer.ahead[0]!.at + PATIENCE_MS;
    claimer.timer = setTimeout(() => {
      claimer.timer = null;
      void this.#giveBack(claimer, performance.now() - PATIENCE_MS);
      this.#fill(claimer);
    }, until - performance.now()).unref();
  }

  #delivery({ options: { queue } }: Claimer, claim: Claim): Delivery {
    const { jobId, item, generation, lease } = claim.task;
    const hint = { taskId: taskId(jobId, item), generation };
    const ack = async () => this.ended(lease!);
    return {
      id: `${hint.taskId}/${generation}`,
      payload: JSON.stringify(hint),
      queue,
      count: 1,
      claim,
      ack,
      retry: () => this.#return(claim).finally(ack),
      reject: ack,
      extend: async () => {},
    };
  }

  /** Returns claims that have waited since then or longer. */
  async #giveBack(claimer: Claimer, since: number): Promise<void> {
    const fresh = claimer.ahead.findIndex(({ at }) => at > since);
    const late = claimer.ahead.splice(0, fresh === -1 ? claimer.ahead.length : fresh);
    await Promise.allSettled(late.map(({ claim }) => this.#return(claim)));
  }

  async #return({ task }: Claim): Promise<void> {
    await this.#parts.settle({
      taskId: taskId(task.jobId, task.item),
      lease: task.lease!,
      now: this.#parts.clock.now(),
      outcome: { kind: "returned", delayMs: 0 },
    });
  }

  /** The step of this claim is over: its slot is free for another while its end is committed. */
  ended(lease: string): void {
    const claimer = this.#held.get(lease);
    if (!claimer) return;
    this.#held.delete(lease);
    claimer.running--;
    claimer.pace.ended();
    claimer.options.freed();
    this.#fill(claimer);
    if (claimer.hungry) this.#parts.nudge();
  }

  /** Gives it nothing more; resolves when the claims that it had not begun have been returned. */
  async remove(claimer: Claimer): Promise<void> {
    claimer.open = false;
    this.#claimers.delete(claimer);
    if (claimer.timer) clearTimeout(claimer.timer);
    await this.#giveBack(claimer, Number.POSITIVE_INFINITY);
    await Promise.all(claimer.asking);
  }

  close(): void {
    this.#closed = true;
  }
}
