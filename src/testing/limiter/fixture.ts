import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Budget, Charge, Limiter } from "../../ports/limiter.ts";
import { type Child, startChild } from "../child.ts";
import type { LimiterErrand } from "../fixtures/limiter-child.ts";
import type { ChildOpening, Outage, Skip } from "../points.ts";

/** Describes an adapter to the suite. All limiters that `open` returns share their budgets. */
export interface LimiterHarness {
  /** As in the matrix of `docs/measurements/broker-conformance.md`. */
  name: string;
  /** Opens another limiter with its own connection. The suite closes it. */
  open(): Promise<Limiter>;
  /** If it is text, points that need another process are skipped with this reason. */
  child: ChildOpening | string;
  /** Makes the service unreachable for a while, or the reason why that is impossible. */
  outage: Outage | string;
  /** Roughly how many budgets the service keeps, including those of others. */
  kept(): Promise<number>;
  /** Longest wait for an ordinary answer. @default 5_000 */
  patienceMs?: number;
}

/** What one point's test works with; everything it opened is closed afterwards. */
export interface LimiterFixture {
  readonly harness: LimiterHarness;
  readonly skip: Skip;
  readonly patienceMs: number;
  open(): Promise<Limiter>;
  /** A unique key, ending in `suffix`. */
  key(suffix?: string): string;
  /** A budget with a unique key. */
  budget(limit: number, perMs: number, burst?: number): Budget;
  /** Starts a process; skips the point if the adapter cannot be opened in one. */
  child(errand: Omit<LimiterErrand, "opening">): Child;
  outage(): Outage;
}

const space = randomBytes(4).toString("hex");
let keys = 0;

/** Runs a point's test with its own fixture. */
export async function withFixture(
  harness: LimiterHarness,
  prove: (fixture: LimiterFixture) => Promise<void>,
  skip: Skip,
): Promise<void> {
  const limiters: Limiter[] = [];
  const children: Child[] = [];
  const key = (suffix = "") => `${space}/${++keys}${suffix}`;
  const fixture: LimiterFixture = {
    harness,
    skip,
    patienceMs: harness.patienceMs ?? 5_000,
    async open() {
      const limiter = await harness.open();
      limiters.push(limiter);
      return limiter;
    },
    key,
    budget: (limit, perMs, burst) => ({
      key: key(),
      limit,
      perMs,
      ...(burst === undefined ? {} : { burst }),
    }),
    child(errand) {
      if (typeof harness.child === "string") return skip(harness.child);
      const child = startChild("limiter-child", { opening: harness.child, ...errand } as never);
      children.push(child);
      return child;
    },
    outage: () => (typeof harness.outage === "string" ? skip(harness.outage) : harness.outage),
  };
  try {
    await prove(fixture);
  } finally {
    await Promise.all(children.map((child) => child.kill()));
    await Promise.all(limiters.map((limiter) => limiter.close()));
  }
}

export const HOUR = 3_600_000;

export function charge(budget: Budget, amount: number): Charge {
  return { ...budget, amount };
}

/** Takes, and expects success. */
export async function granted(limiter: Limiter, budget: Budget, amount: number): Promise<void> {
  expect(await limiter.take([charge(budget, amount)])).toEqual({ ok: true });
}

/** Takes, expects a refusal, and returns the wait. */
export async function refused(limiter: Limiter, ...charges: Charge[]): Promise<number> {
  const taken = await limiter.take(charges);
  if (taken.ok) throw new Error("it was granted");
  expect(Number.isInteger(taken.waitMs)).toBe(true);
  expect(taken.waitMs).toBeGreaterThan(0);
  return taken.waitMs;
}

/**
 * Expects exactly `left` to remain. For budgets that refill little during a test: one more than that is refused, and
 * the wait reveals how much is missing.
 */
export async function expectLeft(limiter: Limiter, budget: Budget, left: number): Promise<void> {
  const { limit, perMs, burst = limit } = budget;
  const waitMs = await refused(limiter, charge(budget, burst));
  const missing = (waitMs * limit) / perMs;
  expect(burst - missing).toBeGreaterThan(left - 0.01);
  expect(burst - missing).toBeLessThan(left + 0.5);
}

/**
 * Retries a check that a short stall of the machine can spoil: a real fault would fail each time. Never use it for
 * faults that show only once, such as handing out too much.
 */
export async function unhurried(prove: () => Promise<void>): Promise<void> {
  for (let again = 3; ; again--) {
    try {
      return await prove();
    } catch (error) {
      if (again === 0) throw error;
    }
  }
}
