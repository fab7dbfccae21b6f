import { expect } from "vitest";
import { choreRecords } from "../../database/chores.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const DAY_MS = 24 * 3_600_000;

export function chorePoints(point: DefinePoint<DatabaseFixture>): void {
  point("chore.once", "a chore that is due is begun by one of all processes", async (fixture) => {
    const records = [await fixture.open(), await fixture.open()].map(choreRecords);
    for (const now of [0, DAY_MS, 2 * DAY_MS]) {
      const asked = Array.from({ length: 10 }, (_, n) => records[n % 2]!.begin("sweep", now, DAY_MS));
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(1);
      expect(await records[0]!.begin("sweep", now + DAY_MS - 1, DAY_MS)).toBe(false);
      expect(await records[0]!.begin(`other ${now}`, now, DAY_MS)).toBe(true);
    }
  });

  point(
    "chore.abandoned",
    "one that came to nothing, or was begun in a far future, is due",
    async (fixture) => {
      const records = choreRecords(await fixture.open());
      expect(await records.begin("sweep", 9 * DAY_MS, DAY_MS)).toBe(true);
      await records.abandon("sweep");
      expect(await records.begin("sweep", 9 * DAY_MS, DAY_MS)).toBe(true);
      expect(await records.begin("sweep", 3 * DAY_MS, DAY_MS)).toBe(true);
      expect(await records.begin("sweep", 3 * DAY_MS, DAY_MS)).toBe(false);
    },
  );
}
