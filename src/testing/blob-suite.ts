import { describe } from "vitest";
import { directPoints } from "./blob/direct.ts";
import { type BlobFixture, type BlobHarness, withFixture } from "./blob/fixture.ts";
import { keepingPoints } from "./blob/keeping.ts";
import { lifecyclePoints } from "./blob/lifecycle.ts";
import { listingPoints } from "./blob/listing.ts";
import { readingPoints } from "./blob/reading.ts";
import { refusingPoints } from "./blob/refusing.ts";
import { definePoints } from "./points.ts";

/** Registers the conformance tests of the blob port for one adapter. Call it in a vitest file. */
export function blobSuite(harness: BlobHarness): void {
  describe(`blobs ${harness.name}`, () => {
    const point = definePoints<BlobFixture>("blobs", harness.name, (prove, skip) =>
      withFixture(harness, prove, skip),
    );
    keepingPoints(point);
    refusingPoints(point);
    readingPoints(point);
    directPoints(point);
    listingPoints(point);
    lifecyclePoints(point);
  });
}

export type { BlobHarness } from "./blob/fixture.ts";
