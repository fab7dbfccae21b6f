import {
  type Budget,
  checkCharges,
  checkCorrection,
  checkProviderLimit,
  tooLarge,
} from "../../domain/budgets.ts";
import { MillraceError } from "../../errors.ts";
import type { Limiter } from "../../ports/limiter.ts";
import { connect, ping, unavailable } from "./connection.ts";
import { correctScript, learnScript, takeScript } from "./limiter-scripts.ts";
import { runScript, type Script } from "./scripts.ts";

export interface RedisLimiterOptions {
  /** Begins every key. @default "millrace" */
  prefix?: string;
}

/**
 * A hash for each budget that is not full, `prefix:{limiter}:key`; Redis forgets it when it is. The braces
 * keep all of them on one node of a cluster, so that several can be charged at once.
 */
export async function openRedisLimiter(url: string, options: RedisLimiterOptions = {}): Promise<Limiter> {
  const redis = await connect(url, "limiter");
  const base = `${options.prefix ?? "millrace"}:{limiter}:`;
  let closed = false;

  async function request<T>(run: () => Promise<T>): Promise<T> {
    if (closed) throw new MillraceError("closed", "The connection to Redis is closed");
    try {
      return await run();
    } catch (error) {
      throw unavailable(error);
    }
  }
  const run = (script: Script, budgets: readonly Budget[], args: (string | number)[]) =>
    request(() =>
      runScript(
        redis,
        script,
        budgets.map(({ key }) => base + key),
        args,
      ),
    );

  return {
    name: "redis",

    async take(charges) {
      checkCharges(charges);
      const args = charges.flatMap((charge) => [...rule(charge), charge.amount]);
      const [waitMs, over, most] = (await run(takeScript, charges, args)) as [number, number?, string?];
      if (over !== undefined) throw tooLarge(charges[over - 1]!, Number(most));
      return waitMs === 0 ? { ok: true } : { ok: false, waitMs };
    },

    async correct(budget, delta) {
      checkCorrection(budget, delta);
      await run(correctScript, [budget], [...rule(budget), delta]);
    },

    async learn(budget, said) {
      checkProviderLimit(budget, said);
      const { remaining, resetMs = "", limit = "" } = said;
      await run(learnScript, [budget], [...rule(budget), remaining, resetMs, limit]);
    },

    health: () => request(() => ping(redis)),

    async close() {
      closed = true;
      redis.disconnect();
    },
  };
}

function rule({ limit, perMs, burst = limit }: Budget): number[] {
  return [limit, perMs, burst];
}
