import { describe } from "vitest";
import { outagePoints } from "./bus/outages.ts";
import { type BusHarness, type BusScene, withScene } from "./bus/scene.ts";
import { tellingPoints } from "./bus/telling.ts";
import { definePoints, type SuiteOptions } from "./points.ts";

/** Registers the conformance tests of the bus port for one adapter. Call it in a vitest file. */
export function busSuite(harness: BusHarness, options: SuiteOptions = {}): void {
  describe(`bus ${harness.name}`, () => {
    const point = definePoints<BusScene>(
      "bus",
      harness.name,
      (prove, skip) => withScene(harness, prove, skip),
      options,
    );
    tellingPoints(point);
    outagePoints(point);
  });
}

export type { BusHarness } from "./bus/scene.ts";
