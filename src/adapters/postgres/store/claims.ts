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
/** What another worker has locked is either its own or free again by then. */
const LOCKED_MS = 100;
/** Of all workers that are idle, so many try at once to claim what has come; more would mostly be too late. */
const EAGER = 4;

/** Claims that wait for longer than this for a slot go back, as others may have one. */
const PATIENCE_MS = 1_000;

type Claim = Next["claims"][number];

export interface ClaimerOptions {
  queue: string;
  claimFor: { worker: string; leaseMs: number };
  handler: DeliveryHandler;
  /** Tasks at once. */
  prefetch: number;
  /** Slots of these that are taken otherwise. */
  taken(): number;
  /** A slot is free, which may be taken otherwise before the next claim has it. */
  freed(): void;
}

/** A consumer whose tasks are claimed in the transaction that hands them out. */
export class Claimer {
  readonly options: ClaimerOptions;
  open = true;
  /** Something may wait for it. */
  hungry = true;
  /** Claims in its hands whose steps are not over. */
  running = 0;
  /** Claims that wait for a slot. */
  readonly ahead: { claim: Claim; at: number }[] = [];
  /** Claims that are being committed. */
  asked = 0;
  /** The transactions in which they are, until what they brought is in hand or given back. */
  readonly asking = new Set<Promise<void>>();
  /** Tokens of claims that may have been made although their answers are lost. */
  readonly lost: string[] = [];
  /** The owner who was served last. */
  last = "";
  readonly pace = new Pace();
  timer: NodeJS.Timeout | null = null;

  constructor(options: ClaimerOptions) {
    this.options = options;
  }

  /** Slots that are free now. */
  get room(): number {
    const { prefetch, taken } = this.options;
    return this.open ? prefetch - taken() - this.running : 0;
  }

  /** Claims to ask for: where steps are short, for some more than run at once. */
  get wish(): number {
    const reserve = this.pace.reserve();
    const worthwhile = reserve * 2 > this.options.prefetch ? reserve : 0;
    return this.room + worthwhile - this.ahead.length - this.asked;
  }
}

interface Parts {
  clock: ServerClock;
  windows: Windows;
  /** Starts a transaction when there is something to claim. */
  nudge(): void;
  settle(command: Settle): Promise<SettleResult>;
}

/**
 * Hands out tasks of the backlog with their claims: no delivery is written for them. A transaction that ends
 * some takes as many along, so that a worker which is busy needs one commit for both.
 */
export class Claims {
  readonly #parts: Parts;
  readonly #claimers = new Set<Claimer>();
  /** Who has the claim with a lease. */
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
   * The backlog of a queue has grown, as all of its workers are told. Says whether this process is to look a moment
   * later whether anything is left: of many, each draws whether it is among the few that try at once.
   */
  announce(queue: string): boolean {
    const mine = [...this.#claimers].filter((claimer) => claimer.options.queue === queue);
    const isIdle = mine.some((claimer) => claimer.open && claimer.wish > 0);
    if (isIdle && Math.random() * this.#parts.windows.claimers(queue) > EAGER) return true;
    this.wake([queue]);
    return false;
  }

  /** Something may wait in these queues; in all of them by default. */
  wake(queues?: readonly string[]): void {
    for (const claimer of this.#claimers) {
      if (queues === undefined || queues.includes(claimer.options.queue)) claimer.hungry = true;
    }
    this.#parts.nudge();
  }

  /** Claims to make along with what is about to be committed. */
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

  /** Begins at once: what was asked for is in hand from now on. */
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

  /** Gives the consumer what waits for its slots. */
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

  /** Those that have waited since then, or for longer. */
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

  /** The step of this claim is over: while its end is committed, its slot is free for another. */
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

  /** It gets nothing more; resolves when what it had not begun has been given back. */
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
