import { createHash } from "node:crypto";
import { STARTED } from "../domain/starts.ts";
import type { Budget, Charge, Room } from "../ports/limiter.ts";
import type { Metric } from "./headers.ts";
import type { LimitSettings, ModelSettings } from "./settings.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/**
 * Fraction of a limit to use. Calls arrive a little later or earlier than they were sent, and nobody knows when a
 * provider's window begins.
 */
const USED = 0.97;
/** Fractions of a token limit to use as burst and as refill. Together they stay within `USED`. */
const TOKEN_BURST = 0.07;
const TOKEN_RATE = 0.9;
/** After this long, a call whose process died frees its slot. */
const HOLD_MS = 30_000;

/** A budget of a model, its key or a user, and what it counts. */
export interface ModelBudget extends Budget {
  metric: Metric;
  /** A user's own budget, which the provider's headers say nothing about. */
  isUsers: boolean;
}

export interface Amounts {
  input: number;
  output: number;
}

/** All budgets that an owner's call is charged to. */
export function budgetsOf(settings: ModelSettings, owner: string): ModelBudget[] {
  return scopesOf(settings, owner).flatMap(({ scope, limits, isUsers }) =>
    (Object.keys(limits) as (keyof LimitSettings)[])
      .filter((metric) => metric !== "concurrent")
      .map((metric) => ({ ...budgetOf(scope, metric, limits[metric]!, settings.burst), isUsers })),
  );
}

export function roomsOf(settings: ModelSettings, owner: string): Room[] {
  return scopesOf(settings, owner).flatMap(({ scope, limits: { concurrent } }) =>
    concurrent === undefined ? [] : [{ key: `ai ${scope}`, limit: concurrent, ttlMs: HOLD_MS }],
  );
}

/** Budgets of starts, for request limits that a provider counts. See `domain/starts.ts`. */
export function startsOf(settings: ModelSettings): Budget[] {
  return scopesOf(settings, "").flatMap(({ scope, limits: { requestsPerMinute }, isUsers }) => {
    if (isUsers || requestsPerMinute === undefined) return [];
    return [{ key: `ai ${scope} starts`, ...requestsOf(requestsPerMinute, settings.burst, STARTED) }];
  });
}

function scopesOf(settings: ModelSettings, owner: string) {
  const { name, url, key = "", limits = {}, keyLimits = {}, userLimits = {} } = settings;
  const keyScope = createHash("sha256").update(`${url} ${key}`).digest("base64url").slice(0, 22);
  // Hashed because an owner's name may be long.
  const user = createHash("sha256").update(owner).digest("base64url").slice(0, 22);
  return [
    { scope: `model ${name}`, limits, isUsers: false },
    { scope: `key ${keyScope}`, limits: keyLimits, isUsers: false },
    { scope: `user ${user} ${name}`, limits: userLimits, isUsers: true },
  ];
}

function budgetOf(scope: string, metric: Metric, limit: number, burst: number): Omit<ModelBudget, "isUsers"> {
  const key = `ai ${scope} ${metric}`;
  if (metric.endsWith("PerDay")) return { key, metric, limit: limit * USED, perMs: DAY, burst: limit * USED };
  if (metric === "requestsPerMinute") return { key, metric, ...requestsOf(limit, burst, USED) };
  return { key, metric, limit: limit * TOKEN_RATE, perMs: MINUTE, burst: limit * TOKEN_BURST };
}

/** The burst comes out of the minute's limit, which lowers the rate of the rest. */
function requestsOf(limit: number, burst: number, used: number): Omit<Budget, "key"> {
  const rate = Math.max(limit * 0.1, limit * used - (burst - 1));
  return { limit: rate, perMs: MINUTE, burst: Math.min(burst, limit) };
}

export function chargeOf(budget: ModelBudget, { input, output }: Amounts): Charge {
  const { key, limit, perMs, burst } = budget;
  return {
    key,
    limit,
    perMs,
    ...(burst !== undefined && { burst }),
    amount: amountOf(budget.metric, input, output),
  };
}

export function amountOf(metric: Metric, input: number, output: number): number {
  if (metric.startsWith("requests")) return 1;
  if (metric === "inputTokensPerMinute") return input;
  if (metric === "outputTokensPerMinute") return output;
  return input + output;
}
