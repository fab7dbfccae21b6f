import { expect } from "vitest";
import { type ShareRecord, shareRecords } from "../../database/shares.ts";
import { newId } from "../../domain/ids.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

export function sharePoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "share.records",
    "a share is there for its time, and its owner alone takes it back",
    async (fixture) => {
      const shares = shareRecords(fixture.database);
      const made = [share(), share({ artifactId: "a", expiresAt: 50 }), share({ jobId: "other" })];
      for (const one of made) await shares.create(one, 1);
      const other = shareRecords(await fixture.open());
      expect(await other.get(made[1]!.id, 49)).toEqual(made[1]);
      expect(await other.get(made[1]!.id, 50)).toBeNull();
      const asked = { owner: "ada", jobId: "job", limit: 10 };
      expect(await other.list({ ...asked, now: 1 })).toEqual(made.slice(0, 2));
      expect(await other.list({ ...asked, now: 1, after: made[0]!.id })).toEqual([made[1]]);
      expect(await other.list({ ...asked, owner: "ben", now: 1 })).toEqual([]);
      const { id } = made[0]!;
      expect(await other.remove({ id, jobId: "job", owner: "ben" })).toBe(false);
      expect(await other.remove({ id, jobId: "other", owner: "ada" })).toBe(false);
      expect(await other.remove({ id, jobId: "job", owner: "ada" })).toBe(true);
      await shares.removeAll("ada");
      expect(await shares.get(made[2]!.id, 1)).toBeNull();
    },
  );
}

function share(parts: Partial<ShareRecord> = {}): ShareRecord {
  return {
    id: newId(),
    owner: "ada",
    jobId: "job",
    artifactId: null,
    createdAt: 1,
    expiresAt: 100,
    ...parts,
  };
}
