import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseToEnd } from "./choose.ts";
import { placesFor, type QueueDemand, workersFor } from "./demand.ts";
import { followDemand } from "./follow.ts";

const queue = (given: Partial<QueueDemand>): QueueDemand => ({
  ...{ name: "a/b", ready: 0, running: 0, drainRate: 0, paused: false },
  ...given,
});

test("every task has a place while nothing is known of how long one takes", () => {
  expect(placesFor(queue({ ready: 7 }), 10)).toBe(7);
  expect(placesFor(queue({ ready: 7, running: 2 }), 10)).toBe(9);
});

test("short tasks share places, so that the last one starts within the target", () => {
  // 4 running tasks at 8 per second take 0.5 s each, so 200 tasks in 10 s need 10 slots.
  expect(placesFor(queue({ ready: 196, running: 4, drainRate: 8 }), 10)).toBe(10);
  // At a minute each, no slot can be reused within the target.
  expect(placesFor(queue({ ready: 6, running: 2, drainRate: 1 / 30 }), 10)).toBe(8);
});

test("a paused queue asks for what still runs", () => {
  expect(placesFor(queue({ ready: 100, running: 3, paused: true }), 10)).toBe(3);
});

test("places are never fewer than run, nor more than there are tasks", () => {
  const amount = fc.integer({ min: 0, max: 10_000 });
  fc.assert(
    fc.property(amount, amount, fc.double({ min: 0, max: 1e4, noNaN: true }), (ready, running, drainRate) => {
      const places = placesFor(queue({ ready, running, drainRate }), 10);
      expect(places).toBeGreaterThanOrEqual(running);
      expect(places).toBeLessThanOrEqual(ready + running);
      if (ready + running > 0) expect(places).toBeGreaterThan(0);
    }),
  );
});

test("queues share workers, and those that no worker takes from count for nothing", () => {
  const slots = new Map([
    ["a", 4],
    ["b", 2],
  ]);
  const half = [queue({ name: "a", ready: 2 }), queue({ name: "b", ready: 1 })];
  expect(workersFor(half, slots, 10)).toBe(1);
  expect(workersFor([...half, queue({ name: "b", ready: 1 })], slots, 10)).toBe(2);
  expect(workersFor([queue({ name: "gone", ready: 500 })], slots, 10)).toBe(0);
  const thirds = new Map([["a", 3]]);
  expect(
    workersFor(
      [1, 1, 1].map((ready) => queue({ name: "a", ready })),
      thirds,
      10,
    ),
  ).toBe(1);
});

test("up at once, down to the busiest moment of the time before, to zero and back", () => {
  const follower = followDemand({ min: 0, max: 8 }, 60_000);
  expect(follower.next(0, 0)).toBe(0);
  expect(follower.next(3, 1_000)).toBe(3);
  expect(follower.next(20, 2_000)).toBe(8);
  expect(follower.next(5, 30_000)).toBe(8);
  expect(follower.next(0, 61_000)).toBe(8);
  expect(follower.next(0, 62_000)).toBe(5);
  expect(follower.next(0, 90_000)).toBe(0);
  expect(follower.next(1, 90_001)).toBe(1);
});

test("the limits hold, and what was asked for last is never undercut", () => {
  const step = fc.record({
    wanted: fc.integer({ min: 0, max: 50 }),
    after: fc.integer({ min: 0, max: 30_000 }),
  });
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 0, max: 5 }), (steps, min) => {
      const follower = followDemand({ min, max: 10 }, 20_000);
      let now = 0;
      for (const { wanted, after } of steps) {
        now += after;
        const next = follower.next(wanted, now);
        expect(next).toBeGreaterThanOrEqual(Math.min(10, Math.max(min, wanted)));
        expect(next).toBeLessThanOrEqual(10);
      }
    }),
  );
});

test("idle workers end before busy ones, and the newest first", () => {
  const workers = [
    { name: "old idle", running: 0, startedAt: 1 },
    { name: "busy", running: 3, startedAt: 9 },
    { name: "new idle", running: 0, startedAt: 5 },
    { name: "less busy", running: 1, startedAt: 2 },
    { name: "starting", running: null, startedAt: 10 },
  ];
  expect(chooseToEnd(workers, 4)).toEqual(["starting", "new idle", "old idle", "less busy"]);
  expect(chooseToEnd(workers, 0)).toEqual([]);
  expect(chooseToEnd(workers, -2)).toEqual([]);
});
