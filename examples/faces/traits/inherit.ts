import { type Region, regions, type Shares } from "../blend/regions.ts";
import type { Ratios } from "../face/ratios.ts";
import { normals } from "./random.ts";
import { type Trait, traits } from "./traits.ts";

/** A trait of a child, and how it was derived. */
export type Inherited = {
  trait: keyof Ratios;
  value: number;
  /** Values of the first and the second parent. */
  parents: [number, number];
  rule: string;
  source: string;
};

export interface Child {
  traits: Inherited[];
  shares: Shares;
}

/** How much a region's weight shifts per standard deviation of its traits. */
const LEAN = 0.3;

/**
 * Each trait is the mean of the parents' values, plus a random deviation with the variance V(1 − h⁴/2) of children of
 * the same parents (Falconer and Mackay, Introduction to Quantitative Genetics, 1996).
 * @param resemblance of the image: 0 is the first parent, 1 the second. Does not affect the traits
 */
export function inherit(
  [first, second]: readonly [Ratios, Ratios],
  { seed, sibling, resemblance }: { seed: number; sibling: number; resemblance: number },
): Child {
  const normal = normals("child", seed, sibling);
  const deviations = traits.map(() => normal());
  const inherited = traits.map((trait, n) =>
    inheritOne(trait, first[trait.name], second[trait.name], deviations[n]!),
  );
  const leans = new Map<Region, number[]>();
  for (const [n, { name, region }] of traits.entries()) {
    // A value above the mean shifts the region toward the parent with the larger value.
    const lean = deviations[n]! * Math.sign(second[name] - first[name]);
    leans.set(region, [...(leans.get(region) ?? []), lean]);
  }
  // A child entirely like one parent has no room for variation.
  const room = 4 * resemblance * (1 - resemblance);
  const shareOf = (region: Region) => {
    const own = leans.get(region) ?? [normal()];
    const lean = own.reduce((sum, one) => sum + one, 0) / Math.sqrt(own.length);
    return Math.min(1, Math.max(0, resemblance + LEAN * lean * room));
  };
  return {
    traits: inherited,
    shares: Object.fromEntries(regions.map((name) => [name, shareOf(name)])) as Shares,
  };
}

function inheritOne(trait: Trait, first: number, second: number, deviation: number): Inherited {
  const { name, heritability: h2, heritabilitySource, spread, spreadSource } = trait;
  const mean = (first + second) / 2;
  const variance = (spread * mean) ** 2 * (1 - h2 ** 2 / 2);
  return {
    trait: name,
    value: round(mean + deviation * Math.sqrt(variance)),
    parents: [round(first), round(second)],
    rule: `mid-parent ${round(mean)} ${deviation < 0 ? "−" : "+"} ${Math.abs(deviation).toFixed(2)} × √(V(1 − h⁴/2)), h² = ${h2}, √V = ${(spread * 100).toFixed(1)} % of it`,
    source: `h²: ${heritabilitySource}. V: ${spreadSource}.`,
  };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
