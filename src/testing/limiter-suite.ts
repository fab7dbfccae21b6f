import { describe } from "vitest";
import { correctingPoints } from "./limiter/correcting.ts";
import { type LimiterFixture, type LimiterHarness, withFixture } from "./limiter/fixture.ts";
import { holdingPoints } from "./limiter/holding.ts";
import { learningPoints } from "./limiter/learning.ts";
import { lifecyclePoints } from "./limiter/lifecycle.ts";
import { reservingPoints } from "./limiter/reserving.ts";
import { sharingPoints } from "./limiter/sharing.ts";
import { takingPoints } from "./limiter/taking.ts";
import { definePoints, type SuiteOptions } from "./points.ts";

/** Registers the conformance tests of the limiter port for one adapter. Call it in a vitest file. */
export function limiterSuite(harness: LimiterHarness, options: SuiteOptions = {}): void {
  describe(`limiter ${harness.name}`, () => {
    const point = definePoints<LimiterFixture>(
      "limiter",
      harness.name,
      (prove, skip) => withFixture(harness, prove, skip),
      options,
    );
    takingPoints(point);
    sharingPoints(point);
    correctingPoints(point);
    learningPoints(point);
    reservingPoints(point);
    holdingPoints(point);
    lifecyclePoints(point);
  });
}

export type { LimiterHarness } from "./limiter/fixture.ts";
