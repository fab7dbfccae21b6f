import { expect, test } from "vitest";
import { type Budget, type BudgetRecords, RECOVERY_MS } from "./budgets.ts";
import { DECREASE, reserve, slow } from "./reservations.ts";
import { mustSpace, STARTED, spacedFor } from "./starts.ts";

const LIMIT = 60;
const MINUTE = 60_000;
const BEGIN = 1_700_000_000_000;
/** Longer waits go through the scheduler; see `ai/turns.ts`. */
const AT_HAND_MS = 1_500;
const PROCESSES = 4;
const HEARD_MS = 50;
const ALWAYS = Number.MAX_SAFE_INTEGER;
const turns: Budget = { key: "turns", limit: LIMIT * 0.97, perMs: MINUTE, burst: 1 };
const starts: Budget = { key: "starts", limit: LIMIT * STARTED, perMs: MINUTE, burst: 1 };

interface World {
  calls: number;
  /** Whether calls that are off schedule book their starts. */
  spaces: boolean;
  /** How late a call comes, given when it was expected. */
  lateMs: (random: () => number) => number;
  /** Spans in which nothing runs, ms from the beginning. */
  stalls?: [from: number, to: number][];
  /** When the budgets learn of a refusal. */
  refusedAt?: number;
}

/**
 * Simulates processes that call a provider with a sliding window. @returns when its calls arrived, and how many were
 * refused
 */
function simulate({ calls, spaces, lateMs, stalls = [], refusedAt }: World) {
  const random = seeded(7);
  const records: BudgetRecords = new Map();
  const events: { at: number; run: (now: number) => void }[] = [];
  const awake = (at: number) => {
    const stall = stalls.find(([from, to]) => at >= BEGIN + from && at < BEGIN + to);
    return stall ? BEGIN + stall[1] + random() * 100 : at;
  };
  const plan = (at: number, run: (now: number) => void) => {
    events.push({ at, run });
  };
  const spacedUntil = Array.from({ length: PROCESSES }, () => BEGIN);
  const space = (own: number, ms: number, now: number) => {
    for (const process of spacedUntil.keys()) {
      const hear = () => {
        spacedUntil[process] = Math.max(spacedUntil[process]!, now + ms);
      };
      if (process === own) hear();
      else plan(now + HEARD_MS, hear);
    }
  };
  const accepted: number[] = [];
  let refused = 0;
  const send = (now: number) =>
    plan(now + random() * 300, (at) => {
      if (accepted.filter((one) => one > at - MINUTE).length >= LIMIT) refused++;
      else accepted.push(at);
    });

  function come(process: number, turnAt: number, now: number): void {
    if (!spaces || !mustSpace(now - turnAt, spacedUntil[process]! - now)) return send(now);
    const { waitMs } = reserve(records, [{ ...starts, amount: 1 }], ALWAYS, now);
    const startAt = now + waitMs;
    space(process, spacedFor(startAt - turnAt), now);
    const late = waitMs > AT_HAND_MS ? lateMs(random) : random() * 20;
    plan(awake(startAt + late), send);
  }

  for (let n = 0; n < calls; n++) {
    const { waitMs } = reserve(records, [{ ...turns, amount: 1 }], ALWAYS, BEGIN);
    const dueAt = BEGIN + waitMs;
    plan(awake(dueAt + lateMs(random)), (now) => come(n % PROCESSES, dueAt, now));
  }
  if (refusedAt !== undefined)
    plan(BEGIN + refusedAt, (now) => {
      slow(records, starts, 2_000, now);
      space(0, (1 - DECREASE) * RECOVERY_MS, now);
    });
  while (events.length > 0) {
    let next = 0;
    for (const [index, { at }] of events.entries()) if (at < events[next]!.at) next = index;
    const [{ at, run }] = events.splice(next, 1) as [(typeof events)[number]];
    run(at);
  }
  const within = (from: number, to: number) =>
    accepted.filter((at) => at >= BEGIN + from && at < BEGIN + to).length;
  return { within, refused };
}

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

const MINUTES = 12;
/** More than fit, so that some always wait. */
const calls = (MINUTES + 3) * LIMIT;
const used = ({ within }: ReturnType<typeof simulate>) =>
  within(MINUTE, MINUTES * MINUTE) / ((MINUTES - 1) * LIMIT);

test("calls that come in time fill the limit, and nobody books a start", () => {
  const world = { calls, lateMs: (random: () => number) => random() * 900 };
  const [plain, spaced] = [false, true].map((spaces) => simulate({ ...world, spaces }));
  expect(plain!.refused).toBe(0);
  expect(spaced!.refused).toBe(0);
  expect(used(spaced!)).toBeGreaterThan(0.96);
  expect(used(spaced!)).toBe(used(plain!));
});

test("where all stand still for some seconds, calls do not bunch afterwards", () => {
  const stalls = [100, 260, 420, 580].map((from): [number, number] => [from * 1_000, from * 1_000 + 3_500]);
  const world = { calls, stalls, lateMs: (random: () => number) => random() * 300 };
  expect(simulate({ ...world, spaces: false }).refused).toBeGreaterThan(0);
  const spaced = simulate({ ...world, spaces: true });
  expect(spaced.refused).toBe(0);
  expect(used(spaced)).toBeGreaterThan(0.95);
});

test("where one in ten comes seconds late, use and refusals stay within their targets", () => {
  const lateMs = (random: () => number) => (random() < 0.1 ? 4_000 : 300) * random();
  const spaced = simulate({ calls, spaces: true, lateMs });
  expect(spaced.refused / calls).toBeLessThan(0.01);
  expect(used(spaced)).toBeGreaterThan(0.95);
});

test("turns that were booked before a refusal come at the lower rate, which grows again", () => {
  const refusedAt = 2 * MINUTE;
  const { within } = simulate({ calls, spaces: true, refusedAt, lateMs: (random) => random() * 300 });
  const minute = (n: number) => within(n * MINUTE, (n + 1) * MINUTE);
  expect(within(refusedAt + 500, refusedAt + 2_000)).toBe(0);
  expect(minute(2)).toBeLessThan(LIMIT * (DECREASE + 0.05));
  expect(minute(2)).toBeGreaterThan(LIMIT * (DECREASE - 0.08));
  for (let n = 3; n < MINUTES - 1; n++) expect(minute(n)).toBeGreaterThanOrEqual(minute(n - 1) - 1);
  expect(minute(MINUTES - 1)).toBeGreaterThan(LIMIT * 0.9);
});
