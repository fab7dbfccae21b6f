import type { WebhookHealth } from "../domain/webhooks.ts";

/** Consecutive failures that open the breaker. */
const OPENS_AFTER = 5;
/** How long it first stays open. Doubles with each failed probe. */
const OPEN_MS = 5_000;
const LONGEST_OPEN_MS = 300_000;
/** An endpoint that fails for this long, and at least this many times, is disabled. */
const FAILING_MS = 5 * 24 * 3_600_000;
const FAILING_TRIES = 10;

/**
 * - `closed`: all deliveries are sent
 * - `open`: no delivery is sent
 * - `half_open`: one delivery is sent, as a probe
 */
export type BreakerState = "closed" | "open" | "half_open";

export function breakerState({ opened, notBefore }: WebhookHealth, now: number): BreakerState {
  if (notBefore !== null && notBefore > now) return "open";
  return opened > 0 ? "half_open" : "closed";
}

export function afterSuccess(health: WebhookHealth, at: number): WebhookHealth {
  return { ...health, failures: 0, failingSince: null, opened: 0, notBefore: null, lastDeliveredAt: at };
}

/**
 * @param failure.pauseMs pause that the endpoint requested. Does not open the breaker.
 * @param failure.isFirst whether it was the delivery's first attempt. Some endpoints reject everything new, so such a
 * failure reopens the breaker, but for no longer than before.
 * @param random 0 to 1
 */
export function afterFailure(
  health: WebhookHealth,
  failure: {
    at: number;
    status: number | null;
    message: string;
    pauseMs: number | undefined;
    isFirst: boolean;
  },
  random: number,
): WebhookHealth {
  const { at, status, message, pauseMs, isFirst } = failure;
  const failures = health.failures + 1;
  // Deliveries already in flight when the breaker opened do not count again.
  const isOpen = breakerState(health, at) === "open";
  const opens = pauseMs === undefined && failures >= OPENS_AFTER && !isOpen;
  const opened = opens && (health.opened === 0 || !isFirst) ? health.opened + 1 : health.opened;
  const openMs = opens ? Math.min(LONGEST_OPEN_MS, OPEN_MS * 2 ** (opened - 1)) * (1 + 0.1 * random) : 0;
  const until = at + Math.round(Math.max(openMs, pauseMs ?? 0));
  return {
    ...health,
    failures,
    failingSince: health.failingSince ?? at,
    opened,
    notBefore: until > at ? Math.max(until, health.notBefore ?? 0) : health.notBefore,
    lastFailure: { at, status, message },
  };
}

/** Whether an endpoint has failed for so long that it should be disabled. */
export function isHopeless({ failures, failingSince }: WebhookHealth, now: number): boolean {
  return failingSince !== null && now - failingSince >= FAILING_MS && failures >= FAILING_TRIES;
}
