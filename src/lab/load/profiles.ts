import type { Stage } from "./arrivals.ts";

export type ProfileName = "ramp" | "spike" | "soak" | "mixed";

/** Load over time. */
export interface Profile {
  name: ProfileName;
  stages: Stage[];
}

/** Grows linearly from few users to many, to find where the system saturates. */
export function ramp(from: number, to: number, ms: number): Profile {
  return { name: "ramp", stages: [{ ms, from, to }] };
}

/** A sudden peak for a quarter of the time, to see whether and how fast the system recovers. */
export function spike(usual: number, peak: number, ms: number): Profile {
  const part = (share: number, from: number, to: number) => ({ ms: ms * share, from, to });
  return {
    name: "spike",
    stages: [
      part(0.25, usual, usual),
      part(0.02, usual, peak),
      part(0.25, peak, peak),
      part(0.02, peak, usual),
      part(0.46, usual, usual),
    ],
  };
}

/** Constant load for a long time, to find leaks. */
export function soak(users: number, ms: number): Profile {
  return { name: "soak", stages: [{ ms, from: users, to: users }] };
}

/** Constant load of different requests, to see whether one kind delays another. */
export function mixed(users: number, ms: number): Profile {
  return { ...soak(users, ms), name: "mixed" };
}

/** Weight of a scenario, such as 3 conversions per labeled exam. */
export interface Share {
  scenario: string;
  weight: number;
}

/** @param random 0 to 1 */
export function pick(shares: readonly Share[], random: number): string | null {
  let left = random * shares.reduce((sum, { weight }) => sum + weight, 0);
  for (const { scenario, weight } of shares) {
    left -= weight;
    if (left < 0) return scenario;
  }
  return shares.at(-1)?.scenario ?? null;
}
