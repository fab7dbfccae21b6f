import type { Budget, Charge, ProviderLimit, Taken } from "../domain/budgets.ts";
import type { Held, Room } from "../domain/holds.ts";
import type { Reserved } from "../domain/reservations.ts";

/**
 * A limiter shares budgets among all processes: an owner's requests, the requests and tokens that an AI provider
 * allows, deliveries to a webhook's host.
 *
 * A budget is a token bucket: it starts full, holds at most `burst`, and refills continuously by `limit` every `perMs`.
 * In any span of t ms it hands out at most `burst + limit * t / perMs`, no matter how many callers compete or where
 * they run. Only the service's clock counts, never a client's.
 *
 * Budgets are short-lived. A full budget is forgotten, and a restart or failover of the service may refill all of them:
 * at most one extra burst each.
 *
 * `take` has no queue: after a refill the first caller wins, so small amounts overtake large ones, which may starve
 * under contention. `reserve` has one: each call books its turn once, in call order, however many wait.
 *
 * All methods may be called concurrently. Errors are `MillraceError`s: `invalid_request` for budgets and amounts that
 * make no sense, `closed`, and `unavailable` within 8 s when the service is unreachable. The caller decides whether an
 * outage means "unlimited" or "stop". A call that failed with `unavailable` may still have taken effect; what it took
 * refills with time.
 */
export interface Limiter {
  /** The technology, for messages and metrics: `sqlite`, `redis`, `postgres`. */
  readonly name: string;
  /**
   * Takes all of the charges, or none. If it cannot yet, `waitMs` is the smallest whole number of ms after which the
   * same call succeeds, provided nobody else takes first. An amount larger than its budget can ever hold rejects with
   * `rate_limited`, not retryable, with `extra` `{key, amount, limit}`. Keys must differ within one call.
   */
  take(charges: readonly Charge[]): Promise<Taken>;
  /**
   * Corrects an estimate. A positive `delta` takes more, even beyond what is left, so later callers wait for it; a
   * negative one gives back, until the budget is full.
   */
  correct(budget: Budget, delta: number): Promise<void>;
  /**
   * Adopts a provider's stated limit if it is stricter than what is known. This never loosens a budget: the latest
   * `resetMs` and the smallest remainder before it apply until that time has passed. A provider's `limit` replaces the
   * budget's limit and burst while it is lower, until the provider states another or the budget is unused for an hour.
   * Call `correct` first, then `learn`.
   */
  learn(budget: Budget, said: ProviderLimit): Promise<void>;
  /**
   * Books a turn: takes all of the charges now, even beyond what is left, unless the call could only start later than
   * `withinMs` from now. `waitMs` says when it may start or, if nothing was booked (`ok: false`), when it could have.
   * An amount larger than the burst is no error: it waits until all of it has refilled. Return an unused turn with
   * `correct(budget, -amount)`; turns booked after it do not move.
   */
  reserve(charges: readonly Charge[], options: { withinMs: number }): Promise<Reserved>;
  /**
   * Slows a budget down after a provider refused a call that the budget allowed. The refill rate drops to 0.7 of its
   * value, at most once in 2 s however many calls are refused, and recovers linearly (from zero to full within 30 min).
   * Turns booked from now on start in `retryMs` at the earliest; turns already booked do not move.
   */
  slow(budget: Budget, retryMs: number): Promise<void>;
  /**
   * Takes one of the room's places for `id`, or renews it, for `ttlMs`. Refused while all are taken; `waitMs` then
   * estimates this caller's turn from the length of the line and from how long places were held. When a place is free,
   * it goes to the first in line that asks.
   */
  hold(room: Room, id: string): Promise<Held>;
  /** Leaves the room, or its line. Idempotent. */
  release(room: Room, id: string): Promise<void>;
  /** Resolves when the service answers; rejects with `unavailable` when it does not. */
  health(): Promise<void>;
  /** Leaves no handle open. Idempotent. */
  close(): Promise<void>;
}

export type { Budget, Charge, ProviderLimit, Taken } from "../domain/budgets.ts";
export type { Held, Room } from "../domain/holds.ts";
export type { Reserved } from "../domain/reservations.ts";
