import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyRequest } from "fastify";
import { MillraceError } from "../errors.ts";
import type { App } from "../http/app.ts";
import type { Limiter } from "../ports/limiter.ts";
import type { ServerContext } from "./context.ts";

export interface RateLimit {
  /** Shared by all API processes. The server does not close it. */
  limiter: Limiter;
  /** Requests per owner and minute, which is also the burst size. 0 means no limit. Users may have their own limit. */
  perMinute: number;
}

/** Time limit for the limiter to answer. */
const ANSWER_MS = 500;

/**
 * Rejects requests beyond an owner's limit, before reading an upload. Operator routes are exempt, because rejecting an
 * autoscaler or a health check would do harm. If the limiter is down, requests pass: availability is worth more than
 * the limit. Call it before adding routes.
 */
export function limitRate(
  app: App,
  { limiter, perMinute }: RateLimit,
  { logger }: Pick<ServerContext, "logger">,
): void {
  let failing = false;

  async function check(request: FastifyRequest): Promise<void> {
    // Login routes limit callers without an account by address.
    const { owner, identity } = request.principal;
    if (owner === "") return;
    const { requestsPerMinute: limit = perMinute || null } = identity?.user.quotas ?? {};
    if (limit === null) return;
    if (limit === 0)
      throw new MillraceError("rate_limited", "Your request quota is 0.", { retryable: false });
    const charge = { key: `requests/${owner}`, limit, perMs: 60_000, amount: 1 };
    const taken = await soon(limiter.take([charge])).catch((error) => {
      if (!failing) logger.warn({ err: error }, "requests cannot be counted and are allowed");
      failing = true;
      return null;
    });
    if (!taken) return;
    failing = false;
    if (taken.ok) return;
    const retryAfter = Math.ceil(taken.waitMs / 1_000);
    throw new MillraceError(
      "rate_limited",
      `You exceeded ${limit} requests per minute. Try again in ${retryAfter} s.`,
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
