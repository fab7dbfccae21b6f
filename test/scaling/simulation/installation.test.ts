import { expect, test } from "vitest";
import { type Costs, fitCosts, type Measured } from "./costs.ts";
import { type Setting, simulate } from "./installation.ts";

const costs: Costs = {
  commit: 0.4,
  command: 0.1,
  wake: 0.02,
  running: 0.01,
  idle: 1,
  idleEach: 0.01,
  api: 0.3,
  worker: 0.4,
  flush: 2,
};
const setting: Setting = {
  workers: 100,
  slots: 50,
  apis: 2,
  step: 0.5,
  rate: 100,
  cores: 4,
  shared: false,
  speed: 1,
  seconds: 10,
  seed: 1,
};

test("the same seed gives the same answer, another one nearly", () => {
  const first = simulate(costs, setting);
  expect(simulate(costs, setting)).toEqual(first);
  const other = simulate(costs, { ...setting, seed: 2 });
  expect(other).not.toEqual(first);
  expect(other.databaseMsPerSecond / first.databaseMsPerSecond).toBeCloseTo(1, 0);
});

test("what is handed in ends where there is room, and waits where the database is too small", () => {
  const enough = simulate(costs, setting);
  expect(enough.ended).toBeGreaterThan(85);
  expect(enough.ended).toBeLessThan(115);
  expect(enough.startMs.p50).toBeLessThan(20);
  const small = simulate(costs, { ...setting, workers: 2_000, slots: 20, rate: 500, cores: 1 });
  expect(small.databaseMsPerSecond).toBeCloseTo(1_000, -2);
  expect(small.startMs.p50).toBeGreaterThan(10 * enough.startMs.p50);
});

test("slots that are all taken hold the rate down to what they can do", () => {
  const { ended, unstarted } = simulate(costs, { ...setting, rate: 300 });
  expect(ended).toBeGreaterThan(180);
  expect(ended).toBeLessThanOrEqual(210);
  expect(unstarted).toBeGreaterThan(300);
});

test("the costs that made figures are found in them again", () => {
  const measured = [0, 20, 80, 300].flatMap((rate) =>
    [200, 1_000, 5_000].map((workers): Measured => {
      const said = simulate(costs, { ...setting, workers, rate, step: 2, cores: 64 });
      return {
        workers,
        processes: workers / 50,
        apis: 2,
        broker: "postgres",
        step: 2,
        load: 0,
        offered: rate,
        started: said.started,
        ended: said.ended,
        startMs: said.startMs,
        msPerSecond: { database: said.databaseMsPerSecond },
        othersMsPerSecond: 0,
        calls: said.calls,
        connections: 0,
        waits: {},
        machineLoad: 0,
      };
    }),
  );
  const found = fitCosts(measured);
  expect(found.wake).toBeCloseTo(costs.wake, 2);
  expect(found.commit).toBeGreaterThan(0.2);
  expect(found.commit).toBeLessThan(0.6);
  expect(found.idle).toBeGreaterThan(0.5);
  expect(found.idle).toBeLessThan(1.5);
});
