import { MillraceError } from "../errors.ts";
import { bookedTurn, type TurnTask } from "../pipeline/booked-turns.ts";
import { keyed, type StepBudget } from "../pipeline/budget.ts";
import type { StepContext } from "../pipeline/context.ts";
import { Snooze } from "../pipeline/control.ts";
import type { Limiter } from "../ports/limiter.ts";

/** A turn further away than this is an error: the budget is wrong, or there is far too much demand. */
export const LONGEST_WAIT_MS = 24 * 3_600_000;

type StepTurns = Pick<StepContext<unknown>, "turn" | "refused">;

/** `ctx.turn` and `ctx.refused` of one attempt. */
export function stepTurns(
  limiter: () => Promise<Pick<Limiter, "reserve" | "slow">>,
  task: TurnTask,
): StepTurns {
  return {
    async turn(budget, { key = "", amount = 1 } = {}) {
      const book = async () => {
        const charges = [{ ...keyed(budget), amount }];
        const { ok, waitMs } = await (await limiter()).reserve(charges, { withinMs: LONGEST_WAIT_MS });
        if (!ok) throw exhausted(budget, waitMs);
        return { startAt: task.now() + waitMs };
      };
      const turn = await bookedTurn(task, `turn ${budget.name} ${key}`, book);
      await turn.spend();
    },
    async refused(budget, afterMs) {
      await (await limiter()).slow(keyed(budget), afterMs);
      return new Snooze(afterMs);
    },
  };
}

function exhausted({ name }: StepBudget, waitMs: number): MillraceError {
  const hours = Math.ceil(waitMs / 3_600_000).toLocaleString("en-US");
  return new MillraceError(
    "budget_exhausted",
    `The budget ${name} is booked for ${hours} h; a step waits for at most 24 h. Start fewer jobs at once, or raise its limit.`,
    { retryable: false, extra: { budget: name, waitMs } },
  );
}
