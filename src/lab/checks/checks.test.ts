import { expect, test } from "vitest";
import type { RequestRecord, SampleRecord } from "../records.ts";
import { littlesLaw } from "./littles-law.ts";
import { predictedPerSecond, saturation } from "./saturation.ts";

const cell = "c";
const closed = { loop: "closed", warmUpMs: 0 } as const;

/** For 20 s, `users` each send a request as soon as the previous one ends. Each takes `ms`. */
function steady(users: number, ms: number): RequestRecord[] {
  return Array.from({ length: users }, (_, user) => user).flatMap((user) =>
    Array.from({ length: 21_000 / ms }, (__, n): RequestRecord => {
      const dueMs = n * ms;
      return {
        ...{
          type: "request",
          cell,
          id: `${user}-${n}`,
          scenario: null,
          dueMs,
          sentMs: dueMs,
          acceptedMs: dueMs,
        },
        ...{
          startedMs: dueMs,
          endedMs: dueMs + ms,
          seenMs: dueMs + ms,
          outcome: "ok",
          status: 200,
          detail: null,
        },
      };
    }),
  );
}

function samples(held: (atMs: number) => number): SampleRecord[] {
  return Array.from({ length: 84 }, (_, n) => ({
    ...{ type: "sample", cell, atMs: n * 250, ready: held(n * 250), running: 0, consumers: 1 },
    ...{ from: "store", processes: [] },
  }));
}

test("a queue that holds what its clients' times say passes", () => {
  const check = littlesLaw(
    closed,
    steady(16, 500),
    samples(() => 16),
  )!;
  expect(check).toMatchObject({ holds: true, values: { windows: 2 } });
  expect(check.values.worst).toBeLessThan(0.001);
});

test("each 10 s are checked: a wrong count in one of them marks the cell", () => {
  const check = littlesLaw(
    closed,
    steady(16, 500),
    samples((at) => (at < 10_000 ? 16 : 14)),
  )!;
  expect(check.holds).toBe(false);
  expect(check.values.worst).toBeCloseTo(0.125, 3);
});

test("requests whose end nobody knows mark the cell", () => {
  const given = steady(4, 1_000).map((one, n) => (n % 10 === 0 ? { ...one, endedMs: null } : one));
  expect(
    littlesLaw(
      closed,
      given,
      samples(() => 4),
    ),
  ).toMatchObject({
    holds: false,
    detail: expect.stringContaining("abandoned"),
  });
});

test("a burst has no steady part", () => {
  expect(
    littlesLaw(
      { loop: "poll", warmUpMs: 0 },
      steady(4, 1_000),
      samples(() => 4),
    ),
  ).toBe(null);
});

test("the first system: 10 threads of 30 s are 0.33 requests/s", () => {
  const limits = { slots: 10, users: 1_000, serviceMs: 30_000, needs: "nothing", cores: 2 } as const;
  expect(predictedPerSecond(limits)).toBeCloseTo(0.333, 3);
  expect(predictedPerSecond({ ...limits, needs: "core" })).toBeCloseTo(2 / 30, 4);
  expect(predictedPerSecond({ ...limits, needs: "device" })).toBeCloseTo(1 / 30, 4);
});

test("the measured saturation is beside the predicted one", () => {
  const limits = { slots: 4, users: 4, serviceMs: 500, needs: "nothing", cores: 2 } as const;
  expect(saturation(closed, steady(4, 500), limits)).toMatchObject({ holds: true, values: { predicted: 8 } });
  expect(saturation(closed, steady(4, 1_000), limits)).toMatchObject({ holds: false });
});
