import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Budget, Charge, Limiter } from "../../ports/limiter.ts";
import { type Child, startChild } from "../child.ts";
import type { LimiterErrand } from "../fixtures/limiter-child.ts";
import type { ChildOpening, Outage, Skip } from "../points.ts";

/** What an adapter tells the suite about itself. All limiters that `open` gives share their budgets. */
export interface LimiterHarness {
  /** As in the matrix of `docs/brokers.md`. */
  name: string;
  /** Opens another limiter with a connection of its own. The suite closes it. */
  open(): Promise<Limiter>;
  /** Without it, points that need another process are skipped with this reason. */
  child: ChildOpening | string;
  /** Makes the service unreachable for a while, or the reason why it cannot be. */
  outage: Outage | string;
  /** How many budgets the service has in mind; roughly, and others' among them. */
  kept(): Promise<number>;
  /** Longest wait for an ordinary answer. @default 5_000 */
  patienceMs?: number;
}

/** What one point's test works with; all that it opened is closed after it. */
export interface LimiterFixture {
  readonly harness: LimiterHarness;
  readonly skip: Skip;
  readonly patienceMs: number;
  open(): Promise<Limiter>;
  /** A key that nobody else uses, ending in `suffix`. */
  key(suffix?: string): string;
  /** A budget of a key of its own. */
  budget(limit: number, perMs: number, burst?: number): Budget;
  /** Starts a process; skips the point where the adapter cannot be opened in one. */
  child(errand: Omit<LimiterErrand, "opening">): Child;
  outage(): Outage;
}

const space = randomBytes(4).toString("hex");
let keys = 0;

/** Runs a point's test with a fixture of its own. */
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

/** Takes, and expects that there is enough. */
export async function granted(limiter: Limiter, budget: Budget, amount: number): Promise<void> {
  expect(await limiter.take([charge(budget, amount)])).toEqual({ ok: true });
}

/** Takes, expects a refusal, and tells the wait. */
export async function refused(limiter: Limiter, ...charges: Charge[]): Promise<number> {
  const taken = await limiter.take(charges);
  if (taken.ok) throw new Error("it was granted");
  expect(Number.isInteger(taken.waitMs)).toBe(true);
  expect(taken.waitMs).toBeGreaterThan(0);
  return taken.waitMs;
}

/**
 * Expects that exactly `left` are there now. For budgets that get little while a test runs: asking for one
 * more is refused, and the answer tells how much is missing.
 */
export async function expectLeft(limiter: Limiter, budget: Budget, left: number): Promise<void> {
  const { limit, perMs, burst = limit } = budget;
  const waitMs = await refused(limiter, charge(budget, burst));
  const missing = (waitMs * limit) / perMs;
  expect(burst - missing).toBeGreaterThan(left - 0.01);
  expect(burst - missing).toBeLessThan(left + 0.5);
}

/**
 * For what a machine that stands still for a moment spoils: tries again, as a fault would show each time.
 * Never for what may happen but once, such as too much being handed out.
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
