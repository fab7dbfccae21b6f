import { expect } from "vitest";
import { uploadRecords } from "../../database/uploads.ts";
import { newId } from "../../domain/ids.ts";
import type { UploadPart, UploadRecord } from "../../domain/uploads.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const HOUR_MS = 3_600_000;
const OWNER = "owner";

export function uploadPoints(point: DefinePoint<DatabaseFixture>): void {
  point("upload.goes-on", "an upload goes on from any process where it was left", async (fixture) => {
    const { records, upload, at } = await begun(fixture, { length: 30 });
    expect(await records.get(at)).toEqual(upload);
    const parts = [part("first", 10), part("second", 5)];
    expect(await records.append(at, { offset: 0, parts })).toEqual({
      ok: true,
      upload: { ...upload, offset: 15, parts },
    });
    const last = [part("third", 15)];
    await uploadRecords(await fixture.open()).append(at, { offset: 15, parts: last });
    expect(await records.get(at)).toEqual({ ...upload, offset: 30, parts: [...parts, ...last] });
  });

  point("upload.once", "of several that go on from the same place one does", async (fixture) => {
    const { records, at } = await begun(fixture, { length: 1_000 });
    const others = [await fixture.open(), await fixture.open()].map(uploadRecords);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        [records, ...others][n % 3]!.append(at, { offset: 0, parts: [part(`${n}`, 100 + n)] }),
      ),
    );
    const [won, ...more] = answers.filter((answer) => answer.ok);
    expect(more).toEqual([]);
    const { offset, parts } = won!.upload;
    expect(parts).toHaveLength(1);
    for (const answer of answers)
      if (!answer.ok) expect(answer).toEqual({ ok: false, reason: "moved", offset });
    expect(await records.get(at)).toMatchObject({ offset, parts });
  });

  point(
    "upload.length",
    "a length that one learns is not lost to another that adds bytes",
    async (fixture) => {
      const { records, at } = await begun(fixture, { length: null });
      const other = uploadRecords(await fixture.open());
      const [learned] = await Promise.all([
        records.append(at, { offset: 0, parts: [], length: 10 }),
        other.append(at, { offset: 0, parts: [part("one", 10)] }),
      ]);
      // The second caller learns that the upload has moved, or builds on what the first one did.
      expect(await records.get(at)).toMatchObject({ offset: 10, length: learned.ok ? 10 : null });
    },
  );

  point(
    "upload.unknown-length",
    "an upload of unknown length grows until its length comes, once",
    async (fixture) => {
      const { records, upload, at } = await begun(fixture, { length: null });
      const other = uploadRecords(await fixture.open());
      await records.append(at, { offset: 0, parts: [part("one", 10)] });
      expect(await other.get(at)).toEqual({ ...upload, offset: 10, parts: [part("one", 10)] });
      await other.append(at, { offset: 10, parts: [part("two", 5)], length: 20 });
      expect(await records.get(at)).toMatchObject({ offset: 15, length: 20 });
      await records.append(at, { offset: 15, parts: [part("three", 5)] });
      expect(await other.get(at)).toMatchObject({ offset: 20, length: 20 });
    },
  );

  point(
    "upload.append-length",
    "bytes and the length that they bring are kept together or not at all",
    async (fixture) => {
      const { records, at } = await begun(fixture, { length: null });
      await records.append(at, { offset: 0, parts: [part("one", 10)] });
      const late = await records.append(at, { offset: 5, parts: [part("late", 5)], length: 10 });
      expect(late).toEqual({ ok: false, reason: "moved", offset: 10 });
      expect(await records.get(at)).toMatchObject({ offset: 10, length: null });
    },
  );

  point(
    "upload.put-together",
    "an upload made of the parts of others lives without them",
    async (fixture) => {
      const first = await begun(fixture, { length: 10 });
      const second = await begun(fixture, { length: 5 });
      await first.records.append(first.at, { offset: 0, parts: [part("one", 4), part("two", 6)] });
      await second.records.append(second.at, { offset: 0, parts: [part("three", 5)] });
      const parts = [part("one", 4), part("two", 6), part("three", 5)];
      const whole: UploadRecord = { ...first.upload, id: newId(), length: 15, offset: 15, parts };
      await first.records.create(whole, first.at.now);
      for (const { records, at } of [first, second]) await records.remove(at);
      const other = uploadRecords(await fixture.open());
      expect(await other.get({ ...first.at, id: whole.id })).toEqual(whole);
    },
  );

  point("upload.repeated", "adding the same parts again is harmless", async (fixture) => {
    const { records, upload, at } = await begun(fixture, { length: 100 });
    const added = { offset: 0, parts: [part("one", 60)] };
    const first = await records.append(at, added);
    expect(await records.append(at, added)).toEqual(first);
    await records.create(upload, at.now);
    expect(await records.get(at)).toMatchObject({ offset: 60, parts: added.parts });
  });

  point("upload.owned", "another owner's upload is not there, and cannot be changed", async (fixture) => {
    const { records, upload, at } = await begun(fixture, { length: 10 });
    const others = { ...at, owner: "another" };
    expect(await records.get(others)).toBeNull();
    const added = { offset: 0, parts: [part("x", 10)] };
    expect(await records.append(others, added)).toEqual({ ok: false, reason: "missing" });
    expect(await records.remove(others)).toBeNull();
    expect(await records.get(at)).toEqual(upload);
  });

  point("upload.expires", "an upload is gone when its time has passed", async (fixture) => {
    const { records, upload, at } = await begun(fixture, { length: 10 });
    expect(await records.get({ ...at, now: upload.expiresAt - 1 })).toEqual(upload);
    const late = { ...at, now: upload.expiresAt };
    expect(await records.get(late)).toBeNull();
    const added = { offset: 0, parts: [part("x", 10)] };
    expect(await records.append(late, added)).toEqual({ ok: false, reason: "missing" });
    await records.create({ ...upload, id: newId(), expiresAt: late.now + HOUR_MS }, late.now);
    const left = await fixture.database.db.selectFrom("uploads").select("id").execute();
    expect(left).toHaveLength(1);
    expect(left).not.toContainEqual({ id: upload.id });
  });

  point("upload.becomes", "the file that it became is kept, until it is removed", async (fixture) => {
    const { records, upload, at } = await begun(fixture, { length: 10 });
    const file = { name: "a.txt", mediaType: "text/plain", bytes: 10, sha256: "0".repeat(64), blob: "one" };
    await records.finish(at, file);
    const other = uploadRecords(await fixture.open());
    expect(await other.get(at)).toEqual({ ...upload, file });
    expect(await other.remove(at)).toEqual({ ...upload, file });
    expect(await records.remove(at)).toBeNull();
    expect(await records.get(at)).toBeNull();
  });
}

/** A new upload, and the query for it. */
async function begun({ database }: DatabaseFixture, { length }: Pick<UploadRecord, "length">) {
  const records = uploadRecords(database);
  const now = Date.now();
  const upload: UploadRecord = {
    id: newId(),
    owner: OWNER,
    name: "사진.jpg",
    length,
    offset: 0,
    metadata: "filename 7IKs7KeELmpwZw==",
    parts: [],
    file: null,
    direct: null,
    expiresAt: now + HOUR_MS,
  };
  await records.create(upload, now);
  return { records, upload, at: { owner: OWNER, id: upload.id, now } };
}

function part(blob: string, bytes: number): UploadPart {
  return { blob, bytes, sha256: "0".repeat(64) };
}
