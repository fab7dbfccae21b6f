import {
  type Budget,
  checkCharges,
  checkCorrection,
  checkProviderLimit,
  tooLarge,
} from "../../domain/budgets.ts";
import { checkRoom, FIRST_MEAN_MS, LATE_MS, LEAST_WAIT_MS, type Room, WEIGHT } from "../../domain/holds.ts";
import { CALM_MS, checkSlow, checkWithin, DECREASE, LEAST_PACE } from "../../domain/reservations.ts";
import { MillraceError } from "../../errors.ts";
import type { Limiter } from "../../ports/limiter.ts";
import { connect, ping, unavailable } from "./connection.ts";
import {
  correctScript,
  holdScript,
  learnScript,
  releaseScript,
  reserveScript,
  slowScript,
  takeScript,
} from "./limiter-scripts.ts";
import { runScript, type Script } from "./scripts.ts";

export interface RedisLimiterOptions {
  /** Prefix of every key. @default "millrace" */
  prefix?: string;
}

/**
 * A hash for each budget that is not full, `prefix:{limiter}:key`; Redis expires it once it is full. The braces keep
 * all of them on one node of a cluster, so that several can be charged at once.
 */
export async function openRedisLimiter(url: string, options: RedisLimiterOptions = {}): Promise<Limiter> {
  const redis = await connect(url, "limiter");
  const base = `${options.prefix ?? "millrace"}:{limiter}:`;
  const rooms = `${options.prefix ?? "millrace"}:{limiter}/`;
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

  const keysOf = ({ key }: Room) => ["held", "waiting", "facts"].map((part) => `${rooms}${part}:${key}`);

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

    async reserve(charges, { withinMs }) {
      checkCharges(charges);
      checkWithin(withinMs);
      const within = Math.min(withinMs, Number.MAX_SAFE_INTEGER);
      const args = [...charges.flatMap((charge) => [...rule(charge), charge.amount]), within];
      const [booked, waitMs] = (await run(reserveScript, charges, args)) as [number, string];
      return { ok: booked === 1, waitMs: Number(waitMs) };
    },

    async slow(budget, retryMs) {
      checkSlow(budget, retryMs);
      await run(slowScript, [budget], [...rule(budget), retryMs, DECREASE, LEAST_PACE, CALM_MS]);
    },

    async hold(room, id) {
      checkRoom(room, id);
      const args = [id, FIRST_MEAN_MS, room.limit, room.ttlMs, LEAST_WAIT_MS, LATE_MS];
      const waitMs = (await request(() => runScript(redis, holdScript, keysOf(room), args))) as number;
      return waitMs === 0 ? { ok: true } : { ok: false, waitMs };
    },

    async release(room, id) {
      checkRoom(room, id);
      const args = [id, FIRST_MEAN_MS, WEIGHT];
      await request(() => runScript(redis, releaseScript, keysOf(room), args));
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
