import { expect, test } from "vitest";
import type { Ratios } from "../face/ratios.ts";
import { inherit } from "./inherit.ts";
import { traits } from "./traits.ts";

const ratios = (scale: number) =>
  Object.fromEntries(traits.map(({ name }) => [name, 0.3 * scale])) as unknown as Ratios;
const parents = [ratios(0.9), ratios(1.1)] as const;
const options = { seed: 1, sibling: 1, resemblance: 0.5 };

test("children vary around the mid-parent value with the variance V(1 − h⁴/2)", () => {
  const children = Array.from({ length: 4_000 }, (_, seed) => inherit(parents, { ...options, seed }));
  for (const [n, { heritability, spread }] of traits.entries()) {
    const values = children.map((child) => child.traits[n]!.value);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const expected = (spread * 0.3) ** 2 * (1 - heritability ** 2 / 2);
    expect(mean / 0.3).toBeCloseTo(1, 2);
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.1);
  }
});

test("a part of the face leans toward the parent who has more of what the child got", () => {
  for (let seed = 0; seed < 50; seed++) {
    const child = inherit(parents, { ...options, seed });
    const above = child.traits
      .filter(({ trait }) => trait === "noseWidth" || trait === "noseLength")
      .reduce((sum, { value }, n) => sum + (value - 0.3) / traits[4 + n]!.spread, 0);
    // Both have the same variance, so their sum has the sign of the lean.
    expect(Math.sign(child.shares.nose - 0.5)).toBe(Math.sign(above));
  }
});

test("who is all of one parent has nothing of the other", () => {
  for (const resemblance of [0, 1]) {
    const { shares } = inherit(parents, { ...options, resemblance });
    expect(new Set(Object.values(shares))).toEqual(new Set([resemblance]));
  }
});

test("siblings and seeds differ, and the parents' order does not count", () => {
  const child = inherit(parents, options);
  expect(inherit(parents, options)).toEqual(child);
  expect(inherit(parents, { ...options, sibling: 2 }).traits).not.toEqual(child.traits);
  const turned = inherit([parents[1], parents[0]], options);
  expect(turned.traits.map(({ value }) => value)).toEqual(child.traits.map(({ value }) => value));
  expect(turned.shares.nose).toBeCloseTo(1 - child.shares.nose, 10);
});
