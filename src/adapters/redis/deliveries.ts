import type { MillraceError } from "../../errors.ts";
import type { DeliveryHandler } from "../../ports/broker.ts";
import { deliver } from "../deliver.ts";
import { lost, type Settlement } from "./settlement.ts";

export interface DeliveriesSetup {
  queue: string;
  prefetch: number;
  handler: DeliveryHandler;
  settlement: Settlement;
  /** Why settling is refused, once the broker is closed. */
  refusal: () => Error | undefined;
}

/** The entries that one consumer was handed and has not settled. */
export interface Deliveries {
  /** How many more it may be handed. */
  room(): number;
  /** Resolves when there is room. */
  untilRoom(): Promise<void>;
  /** Ends `untilRoom` early. */
  wake(): void;
  has(entry: string): boolean;
  /** Whether everything has been settled. */
  isEmpty(): boolean;
  /** Hands an entry to the handler. */
  deliver(entry: string, message: { id: string; payload: string }, count: number): void;
  /** Waits for settlements in flight and returns the rest. */
  drain(): Promise<void>;
}

interface Held {
  count: number;
  /** Outcome of its settlement; `undefined` while unsettled. */
  outcome: Promise<void> | undefined;
  lose(error: Error): void;
}

export function createDeliveries(setup: DeliveriesSetup): Deliveries {
  const { settlement } = setup;
  const held = new Map<string, Held>();
  let unsettled = 0;
  let wake = () => {};

  function hold(entry: string, count: number): Held & { settle(run: () => Promise<void>): Promise<void> } {
    let counted = true;
    unsettled++;
    const free = () => {
      if (!counted) return;
      counted = false;
      unsettled--;
      wake();
    };
    const forget = () => {
      if (held.get(entry) === mine) held.delete(entry);
      free();
    };
    const mine = {
      count,
      outcome: undefined as Promise<void> | undefined,
      lose(error: Error) {
        if (!mine.outcome) {
          mine.outcome = Promise.reject(error);
          mine.outcome.catch(() => {});
        }
        forget();
      },
      settle(run: () => Promise<void>) {
        if (mine.outcome) return mine.outcome;
        const refusal = setup.refusal();
        if (refusal) return Promise.reject(refusal);
        mine.outcome = run().then(forget, (error: MillraceError) => {
          // The caller may retry; otherwise the entry comes again as an expired one does.
          if (error.code === "unavailable") mine.outcome = undefined;
          else if (held.get(entry) === mine) held.delete(entry);
          free();
          throw error;
        });
        return mine.outcome;
      },
    };
    return mine;
  }

  return {
    room: () => setup.prefetch - unsettled,
    untilRoom: () =>
      new Promise((resolve) => {
        wake = resolve;
        if (unsettled < setup.prefetch) resolve();
      }),
    wake: () => wake(),
    has: (entry) => held.has(entry),
    isEmpty: () => held.size === 0,
    deliver(entry, message, count) {
      // It expired while we held it: the earlier holder has lost it.
      held.get(entry)?.lose(lost());
      const mine = hold(entry, count);
      held.set(entry, mine);
      deliver(setup.handler, {
        ...message,
        queue: setup.queue,
        count,
        ack: () => mine.settle(() => settlement.ack(entry)),
        retry: () => mine.settle(() => settlement.release(entry, count)),
        reject: () => mine.settle(() => settlement.bury(entry, count)),
        async extend() {
          if (mine.outcome) return mine.outcome;
          const refusal = setup.refusal();
          if (refusal) throw refusal;
          try {
            await settlement.extend(entry);
          } catch (error) {
            if ((error as MillraceError).code === "lost_ownership") mine.lose(error as MillraceError);
            throw error;
          }
        },
      });
    },
    async drain() {
      await Promise.allSettled([...held.values()].map(({ outcome }) => outcome));
      const left = [...held].filter(([, { outcome }]) => outcome === undefined);
      await Promise.allSettled(left.map(([entry, { count }]) => settlement.release(entry, count)));
      for (const [, one] of left) one.lose(setup.refusal() ?? lost());
    },
  };
}
