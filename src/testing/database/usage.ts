import { expect } from "vitest";
import { uploadRecords } from "../../database/uploads.ts";
import { usageRecords } from "../../database/usage.ts";
import { newId } from "../../domain/ids.ts";
import type { UploadRecord } from "../../domain/uploads.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

export function usagePoints(point: DefinePoint<DatabaseFixture>): void {
  point("usage.items", "however many count at once, a day has no more than its limit", async (fixture) => {
    const all = [fixture.database, await fixture.open()].map(usageRecords);
    const asked = Array.from({ length: 12 }, (_, n) => all[n % 2]!.addItems("ada", 7, 3, 10));
    expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3);
    expect(await all[1]!.items("ada", 7)).toBe(9);
    expect(await all[0]!.addItems("ada", 7, 1, 10)).toBe(true);
    expect(await all[0]!.addItems("ada", 8, 11, 10)).toBe(false);
    expect(await all[0]!.items("ada", 8)).toBe(0);
    await all[0]!.returnItems("ada", 7, 4);
    expect(await all[1]!.items("ada", 7)).toBe(6);
    expect(await all[1]!.items("ben", 7)).toBe(0);
    await all[0]!.addItems("ada", 100, 1, 10);
    expect(await all[1]!.items("ada", 7)).toBe(0);
  });

  point("usage.uploads", "an upload counts with what has come of it", async ({ database }) => {
    const [usage, uploads] = [usageRecords(database), uploadRecords(database)];
    expect(await usage.uploadedBytes("ada")).toBe(0);
    const one = upload({ length: 100 });
    const direct = upload({ length: 7, direct: { staged: "s", sha256: "h" } });
    for (const each of [one, direct, upload({ owner: "ben", length: 5, offset: 5 })])
      await uploads.create(each, 1);
    expect(await usage.uploadedBytes("ada")).toBe(7);
    const parts = [{ blob: "b", bytes: 40, sha256: "h" }];
    await uploads.append({ owner: "ada", id: one.id, now: 1 }, { offset: 0, parts });
    expect(await usage.uploadedBytes("ada")).toBe(47);
    await uploads.remove({ owner: "ada", id: one.id });
    expect(await usage.uploadedBytes("ada")).toBe(7);
    expect(await uploads.ofOwner("ada", 10)).toEqual([direct.id]);
  });
}

function upload(parts: Partial<UploadRecord> = {}): UploadRecord {
  const usual = {
    id: newId(),
    owner: "ada",
    name: "a",
    length: null,
    offset: 0,
    metadata: "",
    expiresAt: 100,
  };
  return { ...usual, parts: [], file: null, direct: null, ...parts };
}
