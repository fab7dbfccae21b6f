import { setTimeout as sleep } from "node:timers/promises";
import type { Json } from "../domain/records.ts";
import { Snooze } from "./control.ts";

/**
 * The longest wait inside a step. For a longer one the task gives up its slot and comes back half this long before its
 * turn: the scheduler looks once a second, and the task must not miss its turn by that.
 */
export const AT_HAND_MS = 1_500;

/** What booking turns needs from a task. */
export interface TurnTask {
  readonly signal: AbortSignal;
  /** The store's clock, ms since the epoch. */
  now(): number;
  /** See `StepContext.once`. */
  once<T extends Json>(key: string, fn: () => Promise<T>): Promise<T>;
  /** The value that `once` recorded under the key in this run of the task. */
  recall(key: string): Promise<Json | undefined>;
}

/** A booked turn that has come. */
export interface BookedTurn<Booked> {
  booked: Booked;
  /** The key of its memos. */
  readonly key: string;
  /** Records it, so that later attempts find it. */
  keep(): Promise<unknown>;
  /** Marks it as used up: the next attempt books another turn. */
  spend(): Promise<void>;
}

/** Waits out a short delay here; leaves a longer one to the scheduler, by throwing a `Snooze`. */
export async function untilTurn({ signal }: Pick<TurnTask, "signal">, ms: number): Promise<void> {
  if (ms > AT_HAND_MS) throw new Snooze(ms - AT_HAND_MS / 2);
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/**
 * The task's unspent turn of this name, or a newly booked one. Resolves when the turn comes, and throws a `Snooze` if
 * it is far off. A task books once, however often it comes back for its turn.
 * @param isKept record the turn even if it comes at once
 */
export async function bookedTurn<Booked extends { startAt: number } & { [name: string]: Json }>(
  task: TurnTask,
  name: string,
  book: () => Promise<Booked>,
  isKept = false,
): Promise<BookedTurn<Booked>> {
  for (let n = 0; ; n++) {
    const key = `${name} ${n}`;
    const spent = `${key} spent`;
    let booked = (await task.recall(key)) as Booked | undefined;
    if (booked && (await task.recall(spent)) !== undefined) continue;
    const keep = () => task.once(key, async () => ({ ...booked! }));
    if (!booked) {
      booked = await book();
      // A turn that comes at once need not be recorded: if the process dies with it, one call of the budget is lost.
      if (isKept || booked.startAt - task.now() > AT_HAND_MS) await keep();
    }
    await untilTurn(task, booked.startAt - task.now());
    return {
      ...{ booked, key, keep },
      async spend() {
        if ((await task.recall(key)) !== undefined) await task.once(spent, async () => true);
      },
    };
  }
}
