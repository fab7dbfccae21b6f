import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyRequest } from "fastify";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { ServerContext } from "./context.ts";

export interface RateLimit {
  /** Shared by all API processes; the server does not close it. */
  limiter: Limiter;
  /** Requests of one owner; as many may come at once after a quiet minute. 0: any number. A user may have another limit. */
  perMinute: number;
}

/** How long a request waits to be counted. */
const ANSWER_MS = 500;

/**
 * Refuses an owner's requests beyond their budget, before any of an upload is read. What operators call is
 * free: a scaler or a health check that is refused would do harm. While requests cannot be counted, they are
 * let through, as the API is worth more than the limit. Called before the routes are added.
 */
export function limitRate(
  app: App,
  { limiter, perMinute }: RateLimit,
  { logger }: Pick<ServerContext, "logger">,
): void {
  let failing = false;

  async function check(request: FastifyRequest): Promise<void> {
    // Whoever is not signed in yet is counted by address, where that matters.
    const { owner, identity } = request.principal;
    if (owner === "") return;
    const { requestsPerMinute: limit = perMinute || null } = identity?.user.quotas ?? {};
    if (limit === null) return;
    if (limit === 0)
      throw new MillraceError("rate_limited", "You may not send any requests.", { retryable: false });
    const charge = { key: `requests/${owner}`, limit, perMs: 60_000, amount: 1 };
    const taken = await soon(limiter.take([charge])).catch((error) => {
      if (!failing) logger.warn({ err: error }, "requests cannot be counted and are let through");
      failing = true;
      return null;
    });
    if (!taken) return;
    failing = false;
    if (taken.ok) return;
    const retryAfter = Math.ceil(taken.waitMs / 1_000);
    throw new MillraceError(
      "rate_limited",
      `More than ${limit} requests a minute. Come back in ${retryAfter} s.`,
      { retryAfter, extra: { limit } },
    );
  }

  app.addHook("onRoute", (route) => {
    if (!route.url.startsWith("/v1/") || route.url.startsWith("/v1/admin/")) return;
    route.onRequest = [route.onRequest ?? [], check].flat();
  });
}

async function soon<T>(answer: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      answer,
      sleep(ANSWER_MS, undefined, { signal: late.signal, ref: false }).then(() => {
        throw new Error(`no answer within ${ANSWER_MS} ms`);
      }),
    ]);
  } finally {
    late.abort();
  }
}
