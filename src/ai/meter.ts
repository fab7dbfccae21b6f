import type { AiRecords } from "../database/ai-records.ts";
import type { AiCost, AiUsage } from "../pipeline/ai.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { Headers } from "./headers.ts";
import { limitsSaid } from "./headers.ts";
import { type Amounts, amountOf, budgetsOf } from "./limits.ts";
import type { AiTask } from "./service.ts";
import type { ModelSettings } from "./settings.ts";

const HOUR = 3_600_000;
/** If the provider says that less than this remains, or its limit is below the settings', the budget is corrected. */
const FEW = 2;

/** Records real usage. */
export interface Meter {
  /** Before the first call, restores the usage of daily budgets, which limiters may lose in a restart. */
  begin(model: ModelSettings, task: AiTask): Promise<void>;
  used(model: ModelSettings, task: AiTask, used: { usage: AiUsage; cost: AiCost | null }): Promise<void>;
  /** Corrects the budgets by the difference between booked and real usage. */
  settle(model: ModelSettings, task: AiTask, booked: Amounts, real: Amounts): Promise<void>;
  learn(model: ModelSettings, task: AiTask, headers: Headers): Promise<void>;
}

export function createMeter(limiter: Limiter, records: AiRecords): Meter {
  const begun = new Map<string, Promise<void>>();

  async function seed(model: ModelSettings, task: AiTask): Promise<void> {
    const daily = budgetsOf(model, task.owner).filter(({ perMs }) => perMs > HOUR);
    for (const budget of daily) {
      const from = Math.floor(task.now() / HOUR) - 23;
      const totals = await records.ofModel(model.name, from, budget.isUsers ? task.owner : null);
      const amount =
        budget.metric === "requestsPerDay" ? totals.calls : totals.inputTokens + totals.outputTokens;
      if (amount > 0)
        await limiter.learn(budget, { remaining: Math.max(0, (budget.burst ?? budget.limit) - amount) });
    }
  }

  return {
    begin(model, task) {
      const key = model.userLimits ? `${model.name} ${task.owner}` : model.name;
      const known = begun.get(key);
      if (known) return known;
      const seeding = seed(model, task);
      begun.set(key, seeding);
      seeding.catch(() => begun.delete(key));
      return seeding;
    },

    async used(model, task, { usage, cost }) {
      await records.add({
        job_id: task.jobId,
        model: model.name,
        hour: Math.floor(task.now() / HOUR),
        owner: task.owner,
        calls: 1,
        input_tokens: usage.inputTokens,
        cached_input_tokens: usage.cachedInputTokens,
        output_tokens: usage.outputTokens,
        reasoning_tokens: usage.reasoningTokens,
        nano_usd: Math.round((cost?.usd ?? 0) * 1e9),
        estimated: usage.estimated ? 1 : 0,
      });
    },

    async settle(model, task, booked, real) {
      const changes = budgetsOf(model, task.owner).flatMap((budget) => {
        const { metric } = budget;
        const delta =
          amountOf(metric, real.input, real.output) - amountOf(metric, booked.input, booked.output);
        return delta === 0 ? [] : [limiter.correct(budget, delta)];
      });
      await Promise.all(changes);
    },

    async learn(model, task, headers) {
      const budgets = budgetsOf(model, task.owner).filter(({ isUsers }) => !isUsers);
      if (budgets.length === 0) return;
      const said = limitsSaid(headers, new URL(model.url).hostname);
      for (const budget of budgets) {
        const word = said[budget.metric];
        if (!word) continue;
        const isLower = word.limit !== undefined && word.limit < budget.limit;
        if (isLower || word.remaining < FEW) await limiter.learn(budget, word);
      }
    },
  };
}
