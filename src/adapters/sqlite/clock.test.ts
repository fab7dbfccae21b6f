import { expect, test } from "vitest";
import { StoreClock } from "./clock.ts";

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** A machine whose clocks the test controls. */
function machine(last = 0) {
  const at = { wall: START, elapsed: 5_000, uptime: 5_000 };
  const clock = new StoreClock(last, {
    wall: () => at.wall,
    elapsed: () => at.elapsed,
    uptime: () => at.uptime,
  });
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 1_000) {
      const some = Math.min(left, 1_000);
      at.wall += some;
      at.elapsed += some;
      at.uptime += some;
      clock.catchUp();
    }
  };
  return { at, clock, pass };
}

test("counts the time that passes", () => {
  const { clock, pass } = machine();
  pass(10_500);
  expect(clock.now()).toBe(START + 10_500);
});

test("does not go back before the store's last time, unless that is a day or more ahead", () => {
  const { at, clock, pass } = machine(START + HOUR);
  expect(clock.now()).toBe(START + HOUR);
  pass(10_000);
  expect(clock.now()).toBe(START + HOUR + 9_500);
  pass(24 * HOUR);
  expect(clock.now()).toBe(at.wall);
  expect(machine(START - HOUR).clock.now()).toBe(START);
  expect(machine(START + 24 * HOUR).clock.now()).toBe(START);
});

test.each([HOUR, -HOUR, 8 * 24 * HOUR])(
  "a wall clock that is set by %d ms moves it by a twentieth of what passes",
  (jump) => {
    const { at, clock, pass } = machine();
    pass(1_000);
    at.wall += jump;
    pass(10_000);
    expect(clock.now()).toBe(START + 11_000 + Math.sign(jump) * 500);
  },
);

test("follows a wall clock that was set until it is right again", () => {
  const { at, clock, pass } = machine();
  at.wall += 60_000;
  pass(HOUR);
  expect(clock.now()).toBe(at.wall);
});

test("counts while the machine sleeps", () => {
  const { at, clock, pass } = machine();
  pass(2_000);
  at.wall += 8 * HOUR;
  at.uptime += 8 * HOUR;
  pass(1_000);
  expect(clock.now()).toBe(START + 3_000 + 8 * HOUR);
});
