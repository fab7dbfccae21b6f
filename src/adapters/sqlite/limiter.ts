import {
  checkCharges,
  checkCorrection,
  checkProviderLimit,
  tooLarge,
  type Verdict,
} from "../../domain/budgets.ts";
import { checkRoom, type Held } from "../../domain/holds.ts";
import { checkSlow, checkWithin, type Reserved } from "../../domain/reservations.ts";
import type { Limiter } from "../../ports/limiter.ts";
import type { Client } from "./client.ts";

/** Budgets in the writer's memory: a restart of Millrace refills them. */
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
    async reserve(charges, { withinMs }) {
      checkCharges(charges);
      checkWithin(withinMs);
      return client.call<Reserved>("limiter.reserve", { charges, withinMs });
    },
    async slow(budget, retryMs) {
      checkSlow(budget, retryMs);
      await client.call("limiter.slow", { budget, retryMs });
    },
    async hold(room, id) {
      checkRoom(room, id);
      return client.call<Held>("limiter.hold", { room, id });
    },
    async release(room, id) {
      checkRoom(room, id);
      await client.call("limiter.release", { room, id });
    },
    async health() {
      await client.call("limiter.kept");
    },
    close: () => client.close(),
  };
}
