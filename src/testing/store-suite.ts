import { describe } from "vitest";
import { definePoints } from "./points.ts";
import { blobPoints } from "./store/blobs.ts";
import { cachePoints } from "./store/cache.ts";
import { cancelPoints } from "./store/cancelling.ts";
import { childPoints } from "./store/children.ts";
import { claimPoints } from "./store/claims.ts";
import { createPoints } from "./store/creating.ts";
import { dataItemPoints } from "./store/data-items.ts";
import { deathPoints } from "./store/deaths.ts";
import { deleteInputPoints } from "./store/deleting-inputs.ts";
import { eventPoints } from "./store/events.ts";
import { expiryPoints } from "./store/expiry.ts";
import { fanInPoints } from "./store/fan-in.ts";
import { fetchPoints } from "./store/fetching.ts";
import { type StoreFixture, type StoreHarness, withFixture } from "./store/fixture.ts";
import { invariantPoints } from "./store/invariants.ts";
import { memoPoints } from "./store/memos.ts";
import { partPoints } from "./store/parts.ts";
import { partAgainPoints } from "./store/parts-again.ts";
import { queuePoints } from "./store/queues.ts";
import { readPoints } from "./store/reading.ts";
import { refusedFilePoints } from "./store/refused-files.ts";
import { reopenPoints } from "./store/reopening.ts";
import { reservationPoints } from "./store/reservations.ts";
import { resultPoints } from "./store/results.ts";
import { searchPoints } from "./store/searching.ts";
import { settlePoints } from "./store/settling.ts";
import { stepPoints } from "./store/steps.ts";
import { sweepPoints } from "./store/sweeping.ts";
import { warningPoints } from "./store/warnings.ts";

/** Registers the conformance tests of the store's ports for one adapter. Call it in a vitest file. */
export function storeSuite(harness: StoreHarness): void {
  describe(`store ${harness.name}`, () => {
    const point = definePoints<StoreFixture>("store", harness.name, (prove) => withFixture(harness, prove));
    createPoints(point);
    claimPoints(point);
    settlePoints(point);
    deathPoints(point);
    fanInPoints(point);
    partPoints(point);
    partAgainPoints(point);
    cancelPoints(point);
    reopenPoints(point);
    refusedFilePoints(point);
    fetchPoints(point);
    dataItemPoints(point);
    childPoints(point);
    deleteInputPoints(point);
    eventPoints(point);
    cachePoints(point);
    warningPoints(point);
    stepPoints(point);
    blobPoints(point);
    expiryPoints(point);
    queuePoints(point);
    searchPoints(point);
    reservationPoints(point);
    sweepPoints(point);
    memoPoints(point);
    resultPoints(point);
    readPoints(point);
    invariantPoints(point);
  });
}

export type { StoreHarness } from "./store/fixture.ts";
