import { seededRandom } from "../statistics.ts";

/** A phase of a load in which the number of virtual users changes linearly. */
export interface Stage {
  ms: number;
  from: number;
  to: number;
}

/** Number of virtual users at a time. 0 before the first stage and after the last. */
export function usersAt(stages: readonly Stage[], atMs: number): number {
  let begin = 0;
  for (const { ms, from, to } of stages) {
    if (atMs >= begin && atMs < begin + ms) return from + ((to - from) * (atMs - begin)) / ms;
    begin += ms;
  }
  return 0;
}

/** The first time at or after `atMs` with this many users. `null` if it never comes. */
export function whenReached(stages: readonly Stage[], users: number, atMs: number): number | null {
  let begin = 0;
  for (const { ms, from, to } of stages) {
    const start = Math.max(begin, atMs);
    const end = begin + ms;
    if (start < end) {
      if (usersAt(stages, start) >= users) return start;
      if (to >= users) return begin + ((users - from) / (to - from)) * ms;
    }
    begin = end;
  }
  return null;
}

export function durationOf(stages: readonly Stage[]): number {
  return stages.reduce((sum, { ms }) => sum + ms, 0);
}

export interface ArrivalOptions {
  /** Requests/s per virtual user. */
  perUser: number;
  seed: number;
  /**
   * `random`: exponentially distributed gaps (a Poisson process), like independent users. `even`: equal gaps.
   */
  spacing: "random" | "even";
}

/**
 * Due times of requests in milliseconds since the start, ascending. Transforms a unit-rate process to the rate at each
 * moment (Çinlar's inversion method), which is exact for varying rates.
 */
export function* dueTimes(stages: readonly Stage[], options: ArrivalOptions): Generator<number> {
  const random = seededRandom(options.seed);
  const gap = () => (options.spacing === "even" ? 1 : -Math.log(1 - random()));
  let begin = 0;
  let next = gap();
  for (const { ms, from, to } of stages) {
    const perMs = options.perUser / 1_000;
    const total = (perMs * ms * (from + to)) / 2;
    for (; next <= total; next += gap()) {
      // User-milliseconds until t are from · t + slope · t² / 2. This solves for t without dividing by 0.
      const passed = next / perMs;
      const slope = (to - from) / ms;
      yield begin + (2 * passed) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * passed)));
    }
    next -= total;
    begin += ms;
  }
}
