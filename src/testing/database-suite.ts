import { describe } from "vitest";
import { changePoints } from "./database/changing.ts";
import { chorePoints } from "./database/chores.ts";
import { refusalPoints } from "./database/refusing.ts";
import { type DatabaseHarness, type DatabaseScene, withScene } from "./database/scene.ts";
import { uploadPoints } from "./database/uploads.ts";
import { definePoints } from "./points.ts";

/**
 * Registers the conformance tests of the database port for one adapter, and those of every repository that stands
 * on it. Call it in a vitest file.
 */
export function databaseSuite(harness: DatabaseHarness): void {
  describe(`database ${harness.name}`, () => {
    const point = definePoints<DatabaseScene>("database", harness.name, (prove) => withScene(harness, prove));
    changePoints(point);
    refusalPoints(point);
    uploadPoints(point);
    chorePoints(point);
  });
}

export type { DatabaseHarness } from "./database/scene.ts";
