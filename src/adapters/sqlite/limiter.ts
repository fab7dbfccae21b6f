import {
  checkCharges,
  checkCorrection,
  checkProviderLimit,
  tooLarge,
  type Verdict,
} from "../../domain/budgets.ts";
import type { Limiter } from "../../ports/limiter.ts";
import type { Client } from "./client.ts";

/** Budgets in the writer's memory: a restart of Millrace fills them. */
export function sqliteLimiter(client: Client): Limiter {
  return {
    name: "sqlite",
    async take(charges) {
      checkCharges(charges);
      const verdict = await client.call<Verdict>("limiter.take", charges);
      if ("over" in verdict) throw tooLarge(charges[verdict.over]!, verdict.most);
      return verdict;
    },
    async correct(budget, delta) {
      checkCorrection(budget, delta);
      await client.call("limiter.correct", { budget, delta });
    },
    async learn(budget, said) {
      checkProviderLimit(budget, said);
      await client.call("limiter.learn", { budget, said });
    },
    async health() {
      await client.call("limiter.kept");
    },
    close: () => client.close(),
  };
}
