import { describe } from "vitest";
import { capabilityPoints } from "./broker/capabilities.ts";
import { consumingPoints } from "./broker/consuming.ts";
import { crashPoints } from "./broker/crashes.ts";
import { type BrokerFixture, type BrokerHarness, withFixture } from "./broker/fixture.ts";
import { lifecyclePoints } from "./broker/lifecycle.ts";
import { publishingPoints } from "./broker/publishing.ts";
import { settlingPoints } from "./broker/settling.ts";
import { definePoints, type SuiteOptions } from "./points.ts";

/**
 * Registers the conformance tests of the broker port for one adapter. Call it in a vitest file. Points that the
 * adapter's capabilities rule out are skipped with the reason.
 */
export function brokerSuite(harness: BrokerHarness, options: SuiteOptions = {}): void {
  describe(`broker ${harness.name}`, () => {
    const point = definePoints<BrokerFixture>(
      "broker",
      harness.name,
      (prove, skip, report) => withFixture(harness, prove, skip, report),
      options,
    );
    publishingPoints(point);
    consumingPoints(point);
    settlingPoints(point);
    crashPoints(point);
    capabilityPoints(point);
    lifecyclePoints(point);
  });
}

export type { BrokerHarness } from "./broker/fixture.ts";
