import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { MillraceError } from "../../../errors.ts";
import type { Delivery } from "../../../ports/broker.ts";
import { isOutage, pipeline, toError } from "../connection.ts";
import {
  acknowledge,
  bury,
  type DeliveryRow,
  giveBack,
  releaseStrays,
  takeDeliveries,
} from "./deliveries.ts";
import { deliveryOf, type How, isOver } from "./delivery.ts";
import { roomOf, type Subscriber, slotsOf } from "./subscriber.ts";

const RETRY_MS = 200;

interface Settlement {
  seq: number;
  holder: number;
  how: How;
  subscriber: Subscriber;
  resolve(): void;
  reject(error: Error): void;
}

const statements = { ack: acknowledge, retry: giveBack, reject: bury };

/**
 * Settles and takes deliveries, one round trip at a time. Everything settled in the meantime is sent with the next
 * take, which already counts the slots that it frees.
 */
export class Consumers {
  readonly subscribers = new Set<Subscriber>();
  readonly #pool: pg.Pool;
  /** The lock of this connection; `null` while it is lost. */
  readonly #holder: () => number | null;
  readonly #onReturned: (queues: string[]) => void;
  #settlements: Settlement[] = [];
  #hungry = new Set<string>();
  #running: Promise<void> | null = null;
  /** Something was requested since the current run last checked. */
  #asked = false;
  /** The last turn may have taken deliveries although its answer was lost. */
  #strays = false;
  #closing = false;
  #closed = false;
  readonly #last = new Map<string, number>();

  /** Called when slots that got no delivery are available for claims. */
  readonly #onSpare: () => void;

  constructor(
    pool: pg.Pool,
    holder: () => number | null,
    onReturned: (queues: string[]) => void,
    onSpare: () => void,
  ) {
    this.#pool = pool;
    this.#holder = holder;
    this.#onReturned = onReturned;
    this.#onSpare = onSpare;
  }

  /** There may be messages in these queues; by default, in any queue. */
  wake(queues: Iterable<string> = [...this.subscribers].map((one) => one.queue)): void {
    for (const queue of queues) this.#hungry.add(queue);
    this.#start();
  }

  /** A slot of this queue has become free. */
  freed(queue: string): void {
    if (this.#hungry.has(queue) && this.#holder() !== null) this.#start();
  }

  /** Reserves one slot for deliveries, so that claims cannot starve them. */
  due({ queue, open, unsettled, wished }: Subscriber): number {
    const waits = open && this.#hungry.has(queue) && this.#holder() !== null;
    return waits && unsettled.size === 0 && wished === 0 ? 1 : 0;
  }

  /** The connection that held them is gone: they come again, to any consumer with room. */
  lose(): void {
    for (const subscriber of this.subscribers) subscriber.unsettled.clear();
  }

  #start(): void {
    this.#asked = true;
    this.#running ??= new Promise<void>((go) => setImmediate(go))
      .then(() => this.#run())
      .finally(() => {
        this.#running = null;
        if (this.#asked) this.#start();
      });
  }

  async #run(): Promise<void> {
    for (;;) {
      this.#asked = false;
      const settlements = this.#settlements;
      const wishes = this.#wishes(settlements);
      const holder = this.#holder();
      if (settlements.length === 0 && (wishes.size === 0 || holder === null)) return this.#wished();
      this.#settlements = [];
      try {
        const rows = await this.#turn(settlements, wishes, holder);
        for (const [queue, wanted] of wishes) {
          if (rows.filter((row) => row.queue === queue).length < wanted) this.#hungry.delete(queue);
        }
        this.#hand(rows, holder!);
        this.#spare();
      } catch (error) {
        if (wishes.size > 0) this.#strays = true;
        for (const queue of wishes.keys()) this.#hungry.delete(queue);
        this.#spare();
        for (const one of settlements) one.reject(toError(error));
        if (!isOutage(error)) await pause(RETRY_MS, undefined, { ref: false });
        if (this.#settlements.length === 0) return;
      }
    }
  }

  /** How much each hungry queue may take once these settlements have succeeded. */
  #wishes(settlements: readonly Settlement[]): Map<string, number> {
    const freed = new Map<Subscriber, number>();
    for (const { subscriber, seq, holder } of settlements) {
      if (holder === this.#holder() && subscriber.unsettled.has(seq))
        freed.set(subscriber, (freed.get(subscriber) ?? 0) + 1);
    }
    const wishes = new Map<string, number>();
    if (this.#closed) return wishes;
    for (const one of this.subscribers) {
      const room = one.open ? roomOf(one) + (freed.get(one) ?? 0) : 0;
      if (room <= 0 || !this.#hungry.has(one.queue)) continue;
      one.wished = room;
      wishes.set(one.queue, (wishes.get(one.queue) ?? 0) + room);
    }
    return wishes;
  }

  #held(): number[] {
    return [...this.subscribers].flatMap((one) => [...one.unsettled]);
  }

  #spare(): void {
    this.#wished();
    this.#onSpare();
  }

  #wished(): void {
    for (const one of this.subscribers) one.wished = 0;
  }

  async #turn(
    settlements: readonly Settlement[],
    wishes: Map<string, number>,
    holder: number | null,
  ): Promise<DeliveryRow[]> {
    const client = await this.#pool.connect();
    let broken = true;
    let rows: DeliveryRow[] = [];
    const passed = new Set<number>();
    try {
      await pipeline(client, () => {
        const sent: Promise<unknown>[] = [];
        if (this.#strays && holder !== null) sent.push(client.query(releaseStrays([holder, this.#held()])));
        for (const [how, group] of Map.groupBy(settlements, (one) => one.how)) {
          const query = statements[how]([group.map((one) => one.seq), group.map((one) => one.holder)]);
          const tell = client.query<{ seq: number }>(query).then(({ rows: told }) => {
            for (const { seq } of told) passed.add(seq);
          });
          sent.push(tell);
        }
        if (wishes.size > 0 && holder !== null) {
          const query = takeDeliveries([holder, [...wishes.keys()], [...wishes.values()]]);
          sent.push(
            client.query(query).then((result) => {
              rows = result.rows as DeliveryRow[];
            }),
          );
        }
        return sent;
      });
      broken = false;
      this.#strays = false;
    } finally {
      client.release(broken);
    }
    this.#settled(settlements, passed);
    return rows.sort((a, b) => a.seq - b.seq);
  }

  #settled(settlements: readonly Settlement[], passed: ReadonlySet<number>): void {
    const returned: string[] = [];
    for (const one of settlements) {
      // After the lock was lost, it may be held here again, under the next lock.
      if (one.holder === this.#holder()) one.subscriber.unsettled.delete(one.seq);
      if (!one.subscriber.open && one.subscriber.unsettled.size === 0)
        this.subscribers.delete(one.subscriber);
      if (!passed.has(one.seq)) {
        one.reject(new MillraceError("lost_ownership", "The delivery now belongs to another consumer."));
        continue;
      }
      if (one.how === "retry") returned.push(one.subscriber.queue);
      one.resolve();
    }
    for (const queue of returned) this.#hungry.add(queue);
    if (returned.length > 0) this.#onReturned([...new Set(returned)]);
  }

  /** Distributes what was taken over the consumers, in turn. */
  #hand(rows: readonly DeliveryRow[], holder: number): void {
    // The lock was lost in the meantime: nothing would ever free the slots that they occupied here.
    if (holder !== this.#holder()) {
      for (const row of rows) this.#returnUnseen(row, holder);
      return;
    }
    for (const row of rows) {
      const open = [...this.subscribers].filter((one) => one.queue === row.queue);
      const free = open.filter((one) => one.open && slotsOf(one) > 0);
      const turn = this.#last.get(row.queue) ?? 0;
      const subscriber = free[turn % Math.max(1, free.length)];
      this.#last.set(row.queue, turn + 1);
      if (!subscriber) {
        // Its consumer was closed in the meantime.
        this.#returnUnseen(row, holder);
        continue;
      }
      subscriber.unsettled.add(row.seq);
      void this.#handle(subscriber, this.#delivery(row, holder, subscriber));
    }
  }

  #returnUnseen(row: DeliveryRow, holder: number): void {
    const { queue } = row;
    const nobody = { queue, prefetch: 0, handler: () => {}, open: false, wished: 0, claimer: null };
    void this.#giveBackAtLast(this.#delivery(row, holder, { ...nobody, unsettled: new Set() }));
  }

  #settle(seq: number, holder: number, how: How, subscriber: Subscriber): Promise<void> {
    if (this.#closed)
      return Promise.reject(new MillraceError("closed", "The connection to PostgreSQL is closed."));
    return new Promise((resolve, reject) => {
      this.#settlements.push({ seq, holder, how, subscriber, resolve, reject });
      this.#start();
    });
  }

  #delivery(row: DeliveryRow, holder: number, subscriber: Subscriber): Delivery {
    return deliveryOf(row, (how) => this.#settle(row.seq, holder, how, subscriber));
  }

  async #handle({ handler }: Subscriber, delivery: Delivery): Promise<void> {
    try {
      await handler(delivery);
    } catch {
      await this.#giveBackAtLast(delivery);
    }
  }

  /** Retries until the server knows: until then a living process holds the delivery, and nobody else gets it. */
  async #giveBackAtLast(delivery: Delivery): Promise<void> {
    for (;;) {
      try {
        return await delivery.retry();
      } catch (error) {
        // Closing releases the lock of everything it holds.
        if (this.#closing || isOver(error as MillraceError)) return;
      }
      await pause(RETRY_MS, undefined, { ref: false });
    }
  }

  /** Completes earlier settlements, and refuses new ones. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#running) {
      const settling = this.#settlements.length > 0;
      await this.#running;
      if (!settling) break;
    }
    this.#closed = true;
  }
}
