import { describe } from "vitest";
import { type BusFixture, type BusHarness, withFixture } from "./bus/fixture.ts";
import { outagePoints } from "./bus/outages.ts";
import { tellingPoints } from "./bus/telling.ts";
import { definePoints, type SuiteOptions } from "./points.ts";

/** Registers the conformance tests of the bus port for one adapter. Call it in a vitest file. */
export function busSuite(harness: BusHarness, options: SuiteOptions = {}): void {
  describe(`bus ${harness.name}`, () => {
    const point = definePoints<BusFixture>(
      "bus",
      harness.name,
      (prove, skip) => withFixture(harness, prove, skip),
      options,
    );
    tellingPoints(point);
    outagePoints(point);
  });
}

export type { BusHarness } from "./bus/fixture.ts";
