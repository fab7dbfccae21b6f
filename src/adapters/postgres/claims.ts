import type { Settle } from "../../domain/commands.ts";
import { newId, taskId } from "../../domain/ids.ts";
import type { Delivery, DeliveryHandler } from "../../ports/broker.ts";
import type { SettleResult } from "../../ports/store/tasks.ts";
import type { ServerClock } from "./clock.ts";
import { type Next, takeNext } from "./operations.ts";
import type { Entry } from "./transaction.ts";

const RETRY_MS = 200;

type Claim = Next["claims"][number];

/** A consumer whose tasks are claimed in the transaction that hands them out. */
export interface Claimer {
  readonly queue: string;
  readonly claimFor: { worker: string; leaseMs: number };
  readonly handler: DeliveryHandler;
  open: boolean;
  /** Places that are free, but for those that claims take. */
  room(): number;
  /** Something may wait for it. */
  hungry: boolean;
  /** Claims that it holds. */
  held: number;
  /** Of these, such whose end is being committed. */
  ending: number;
  /** Places for which claims are being committed. */
  asked: number;
  /** The transactions in which they are, until what they brought is in hand or given back. */
  readonly asking: Set<Promise<void>>;
  /** The owner who was served last. */
  last: string;
}

interface Parts {
  clock: ServerClock;
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
  readonly #held = new Map<string, { claimer: Claimer; isEnding: boolean }>();
  /** A broker of this process hands out its tasks. */
  inUse = false;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  add(claimer: Claimer): void {
    this.#claimers.add(claimer);
    this.#parts.nudge();
  }

  /** Places may have become free. */
  nudge(): void {
    this.#parts.nudge();
  }

  /** Something may wait in these queues; in all of them by default. */
  wake(queues?: readonly string[]): void {
    for (const claimer of this.#claimers) {
      if (queues === undefined || queues.includes(claimer.queue)) claimer.hungry = true;
    }
    this.#parts.nudge();
  }

  /** Claims to make along with these commands, for the places that they free, too. */
  accompany(entries: readonly Entry[]): Entry[] {
    for (const { operation } of entries) {
      const place = operation.ends === undefined ? undefined : this.#held.get(operation.ends);
      if (!place || place.isEnding) continue;
      place.isEnding = true;
      place.claimer.ending++;
    }
    const wishes: Entry[] = [];
    for (const claimer of this.#claimers) {
      const room = claimer.open ? claimer.room() - claimer.held + claimer.ending - claimer.asked : 0;
      if (claimer.hungry && room > 0 && !this.#closed) wishes.push(this.#wish(claimer, room));
    }
    return wishes;
  }

  #wish(claimer: Claimer, limit: number): Entry {
    const { queue, claimFor, last } = claimer;
    const pick = { queue, limit, after: last, worker: claimFor.worker, token: newId() };
    const { promise: asking, resolve: answered } = Promise.withResolvers<void>();
    claimer.hungry = false;
    claimer.asked += limit;
    claimer.asking.add(asking);
    const answer = async (hand: () => Promise<void> | void) => {
      claimer.asked -= limit;
      await hand();
      claimer.asking.delete(asking);
      answered();
    };
    return {
      operation: takeNext(pick, this.#parts.clock.now(), claimFor.leaseMs),
      repeated: false,
      resolve: (next) => void answer(() => this.#hand(claimer, next as Next)),
      reject: () => void answer(() => void setTimeout(() => this.wake([queue]), RETRY_MS).unref()),
    };
  }

  /** Begins at once: the places that were asked for are taken from now on. */
  async #hand(claimer: Claimer, { claims, last, more }: Next): Promise<void> {
    if (!claimer.open) {
      await Promise.allSettled(claims.map((claim) => this.#giveBack(claim)));
      return;
    }
    claimer.last = last;
    if (more) claimer.hungry = true;
    for (const claim of claims) {
      claimer.held++;
      this.#held.set(claim.task.lease!, { claimer, isEnding: false });
      void handle(claimer.handler, this.#delivery(claimer, claim));
    }
    if (claimer.hungry) this.#parts.nudge();
  }

  #delivery({ queue }: Claimer, claim: Claim): Delivery {
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
      retry: () => this.#giveBack(claim).finally(ack),
      reject: ack,
      extend: async () => {},
    };
  }

  async #giveBack({ task }: Claim): Promise<void> {
    await this.#parts.settle({
      taskId: taskId(task.jobId, task.item),
      lease: task.lease!,
      now: this.#parts.clock.now(),
      outcome: { kind: "returned", delayMs: 0 },
    });
  }

  /** The claim with this lease holds its place no longer. */
  ended(lease: string): void {
    const place = this.#held.get(lease);
    if (!place) return;
    const { claimer, isEnding } = place;
    this.#held.delete(lease);
    claimer.held--;
    if (isEnding) claimer.ending--;
    if (!claimer.open && claimer.held === 0) this.#claimers.delete(claimer);
    else if (claimer.hungry) this.#parts.nudge();
  }

  /** It gets nothing more; resolves when what was on its way has been given back. */
  async remove(claimer: Claimer): Promise<void> {
    claimer.open = false;
    if (claimer.held === 0) this.#claimers.delete(claimer);
    await Promise.all(claimer.asking);
  }

  close(): void {
    this.#closed = true;
  }
}

async function handle(handler: DeliveryHandler, delivery: Delivery): Promise<void> {
  try {
    await handler(delivery);
  } catch {
    await delivery.retry().catch(() => {});
  }
}
