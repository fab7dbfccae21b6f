import { expect } from "vitest";
import { archiveDownloadRecords } from "../../database/archive-downloads.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

export function archiveDownloadPoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "download.records",
    "the last download of an archive is known until its time is over or its owner goes",
    async (fixture) => {
      const downloads = archiveDownloadRecords(fixture.database);
      const other = archiveDownloadRecords(await fixture.open());
      const of = (jobId: string, at: number, owner = "ada") => ({ jobId, owner, at, forgetAt: at + 100 });
      expect(await downloads.lastOf([])).toEqual(new Map());
      for (const one of [of("a", 5), of("a", 9), of("a", 7), of("b", 9, "ben")]) await downloads.record(one);
      const found = [
        ["a", 9],
        ["b", 9],
      ] as const;
      expect(await other.lastOf(["a", "b", "c"])).toEqual(new Map(found));
      expect(await other.lastOf(["c"])).toEqual(new Map());
      await other.removeAll("ben");
      await downloads.record(of("c", 108));
      expect(await other.lastOf(["a", "b", "c"])).toEqual(
        new Map([
          ["a", 9],
          ["c", 108],
        ] as const),
      );
      await downloads.record(of("c", 109));
      expect(await other.lastOf(["a", "b", "c"])).toEqual(new Map([["c", 109]]));
    },
  );
}
