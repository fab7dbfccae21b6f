import { mustSpace, spacedFor } from "../domain/starts.ts";
import { MillraceError } from "../errors.ts";
import { AT_HAND_MS, bookedTurn, untilTurn } from "../pipeline/booked-turns.ts";
import type { Charge, Limiter } from "../ports/limiter.ts";
import type { Breakers } from "./breakers.ts";
import { type Amounts, budgetsOf, chargeOf, roomsOf, startsOf } from "./limits.ts";
import type { AiTask } from "./service.ts";
import type { ModelSettings } from "./settings.ts";

/** A booked turn whose time has come. */
export interface Turn {
  amounts: Amounts;
  /** Its booked time, by the store's clock. */
  readonly dueAt: number;
  /** Key under which it is recorded. */
  readonly key: string;
  /** Records the turn, so that another attempt can use it. */
  keep(): Promise<unknown>;
  /** Marks the turn as used without success, so that the next attempt books another. */
  spend(): Promise<void>;
}

type Booked = { startAt: number; input: number; output: number };

export interface Turns {
  /**
   * Books a turn in all budgets of the call, and resolves when its time has come. Throws a `Snooze` if that is too far
   * off, and `budget_exhausted` if it is after the deadline.
   * @param id of the call within its task
   */
  take(model: ModelSettings, task: AiTask, id: string, amounts: Amounts): Promise<Turn>;
  /** Runs `call` within the concurrency limits, and spaced out if needed, or throws a `Snooze`. */
  within<T>(model: ModelSettings, task: AiTask, id: string, turn: Turn, call: () => Promise<T>): Promise<T>;
}

/** @param onWait called with each booked wait in ms. Waits for starts come on top of those for turns */
export function createTurns(
  limiter: Limiter,
  breakers: Breakers,
  maxWaitMs: number,
  onWait: (model: string, ms: number) => void = () => {},
): Turns {
  async function reserve(model: ModelSettings, task: AiTask, charges: readonly Charge[]): Promise<number> {
    if (charges.length === 0) return 0;
    const withinMs = Math.max(0, task.createdAt + maxWaitMs - task.now());
    const booked = await limiter.reserve(charges, { withinMs });
    if (!booked.ok) throw exhausted(model.name, booked.waitMs, withinMs);
    if (booked.waitMs > 0) onWait(model.name, booked.waitMs);
    return booked.waitMs;
  }

  /** Resolves when the call may start. Without delays, that is right away. */
  async function start(model: ModelSettings, task: AiTask, turn: Turn): Promise<void> {
    const starts = startsOf(model);
    if (starts.length === 0) {
      // Spread out the calls whose turns came during the provider's pause.
      const rest = breakers.restMs(model.name);
      if (rest > 0) await untilTurn(task, rest * (1 + Math.random()));
      return;
    }
    if (!mustSpace(task.now() - turn.dueAt, breakers.spacedMs(model.name))) return;
    const key = `${turn.key} start`;
    let startAt = (await task.recall(key)) as number | undefined;
    if (startAt === undefined) {
      const charges = starts.map((budget) => ({ ...budget, amount: 1 }));
      const waitMs = await reserve(model, task, charges);
      const at = task.now() + waitMs;
      startAt = at;
      breakers.spaces(model.name, spacedFor(at - turn.dueAt));
      if (waitMs > AT_HAND_MS) {
        await turn.keep();
        await task.once(key, async () => at);
      }
    }
    // A call that is also late for its start does not book another one: unused starts are lost to everyone.
    await untilTurn(task, startAt - task.now());
  }

  return {
    async take(model, task, id, amounts) {
      const charges = budgetsOf(model, task.owner).map((budget) => chargeOf(budget, amounts));
      const book = async (): Promise<Booked> => {
        const waitMs = await reserve(model, task, charges);
        return { startAt: task.now() + waitMs, ...amounts };
      };
      const isKept = roomsOf(model, task.owner).length > 0;
      const { booked, key, keep, spend } = await bookedTurn(
        task,
        `ai turn ${id} ${model.name}`,
        book,
        isKept,
      );
      const { input, output, startAt } = booked;
      return { amounts: { input, output }, dueAt: startAt, key, keep, spend };
    },

    async within(model, task, id, turn, call) {
      const rooms = roomsOf(model, task.owner);
      const holder = `${task.jobId} ${id}`.slice(0, 200);
      const held: typeof rooms = [];
      const leave = () => Promise.allSettled(held.map((room) => limiter.release(room, holder)));
      try {
        for (const room of rooms) {
          for (;;) {
            const answer = await limiter.hold(room, holder);
            if (answer.ok) break;
            await untilTurn(task, answer.waitMs);
          }
          held.push(room);
        }
        const renew = () => {
          for (const room of held) limiter.hold(room, holder).catch(() => {});
        };
        const timer = held.length > 0 ? setInterval(renew, held[0]!.ttlMs / 3) : undefined;
        try {
          await start(model, task, turn);
          return await call();
        } finally {
          clearInterval(timer);
        }
      } finally {
        await leave();
      }
    },
  };
}

function exhausted(model: string, waitMs: number, withinMs: number): MillraceError {
  const seconds = (ms: number) => Math.ceil(ms / 1_000).toLocaleString("en-US");
  return new MillraceError(
    "budget_exhausted",
    `The budget of the model ${model} is booked for the next ${seconds(waitMs)} s, but the job may wait only ${seconds(withinMs)} s more. Try again later, or ask the operator for a larger budget.`,
    { retryable: false, extra: { model, waitMs } },
  );
}
