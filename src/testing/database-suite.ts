import { describe } from "vitest";
import { accountPoints } from "./database/accounts.ts";
import { aiPoints } from "./database/ai.ts";
import { archiveDownloadPoints } from "./database/archive-downloads.ts";
import { changePoints } from "./database/changing.ts";
import { chorePoints } from "./database/chores.ts";
import { consolePoints } from "./database/console.ts";
import { type DatabaseFixture, type DatabaseHarness, withFixture } from "./database/fixture.ts";
import { identityPoints } from "./database/identities.ts";
import { noticePoints } from "./database/notices.ts";
import { picturePoints } from "./database/pictures.ts";
import { refusalPoints } from "./database/refusing.ts";
import { replicaPoints } from "./database/replica.ts";
import { schedulePoints } from "./database/schedules.ts";
import { sharePoints } from "./database/shares.ts";
import { uploadPoints } from "./database/uploads.ts";
import { usagePoints } from "./database/usage.ts";
import { webhookPoints } from "./database/webhooks.ts";
import { definePoints } from "./points.ts";

/**
 * Registers the conformance tests of the database port for one adapter, and those of every repository built on it. Call
 * it in a vitest file.
 */
export function databaseSuite(harness: DatabaseHarness): void {
  describe(`database ${harness.name}`, () => {
    const point = definePoints<DatabaseFixture>("database", harness.name, (prove) =>
      withFixture(harness, prove),
    );
    changePoints(point);
    refusalPoints(point);
    uploadPoints(point);
    chorePoints(point);
    schedulePoints(point);
    replicaPoints(point);
    accountPoints(point);
    usagePoints(point);
    sharePoints(point);
    identityPoints(point);
    consolePoints(point);
    noticePoints(point);
    aiPoints(point);
    webhookPoints(point);
    picturePoints(point);
    archiveDownloadPoints(point);
  });
}

export type { DatabaseHarness } from "./database/fixture.ts";
