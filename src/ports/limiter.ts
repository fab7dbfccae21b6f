import type { Budget, Charge, ProviderLimit, Taken } from "../domain/budgets.ts";

/**
 * A limiter shares budgets among all processes: requests of an owner, requests and tokens that an AI
 * provider allows, deliveries to a webhook's host.
 *
 * A budget is a bucket that refills continuously (a token bucket): it begins full, holds at most `burst` and
 * gets `limit` every `perMs`. In any span of t ms no more than `burst + limit * t / perMs` is handed out,
 * however many take at once and wherever they run. Only the clock of the service counts, never a client's.
 *
 * Budgets are short-lived. One that has refilled is forgotten, and a restart or fail-over of the service may
 * fill all of them: at most a burst too many.
 *
 * There is no queue: after a refill whoever asks first is served, so small amounts overtake large ones, which
 * may starve while the budget is contended. Who must not should wait in one line a process and ask only for
 * the head of it, or give the small ones a budget of their own.
 *
 * All methods may be called concurrently. Errors are `MillraceError`s: `invalid_request` for budgets and
 * amounts that make no sense, `closed`, and `unavailable` while the service cannot be reached, told within
 * 8 s. The caller decides what an outage means: going on unlimited, or not at all. A call that failed
 * with `unavailable` may have been carried out; what it took comes back with time.
 */
export interface Limiter {
  /** The technology, for messages and metrics: `sqlite`, `redis`, `postgres`. */
  readonly name: string;
  /**
   * Takes all of the charges, or nothing. When it cannot yet, `waitMs` says after how many whole ms, and no
   * fewer, the same call succeeds if nobody else takes. An amount that is larger than its budget ever gets
   * rejects with `rate_limited`, not retryable, and `extra` `{key, amount, limit}`. Keys of one call differ.
   */
  take(charges: readonly Charge[]): Promise<Taken>;
  /**
   * Corrects an estimate: takes `delta` more, also beyond what is there, so that the next ones wait for it;
   * a negative `delta` gives back, at most until the budget is full.
   */
  correct(budget: Budget, delta: number): Promise<void>;
  /**
   * Adopts what a provider said, where that is stricter than what is known. Nothing here loosens a budget:
   * of several `resetMs` the latest and of what remains before it the least holds until its time has passed.
   * A provider's `limit` stands for the budget's limit and burst while it is below them, until the provider
   * names another or nobody has used the budget for an hour. Correct the estimate first, then learn.
   */
  learn(budget: Budget, said: ProviderLimit): Promise<void>;
  /** Resolves when the service answers, and rejects with `unavailable` when it does not. */
  health(): Promise<void>;
  /** Leaves no handle open. Idempotent. */
  close(): Promise<void>;
}

export type { Budget, Charge, ProviderLimit, Taken } from "../domain/budgets.ts";
