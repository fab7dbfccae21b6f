import { expect, test } from "vitest";
import { append, type UploadPart, type UploadRecord } from "./uploads.ts";

const upload: UploadRecord = {
  id: "id",
  owner: "owner",
  name: "a.txt",
  length: 100,
  offset: 10,
  metadata: "",
  parts: [part("first", 10)],
  file: null,
  direct: null,
  expiresAt: 1,
};

test("parts are added where the upload ends", () => {
  const parts = [part("second", 20), part("third", 5)];
  const longer = { ...upload, offset: 35, parts: [...upload.parts, ...parts] };
  expect(append(upload, { offset: 10, parts })).toEqual({ ok: true, upload: longer });
  expect(upload.parts).toHaveLength(1);
});

test("a length that was not known becomes known once, and stays", () => {
  const unknown = { ...upload, length: null };
  const known = append(unknown, { offset: 10, parts: [], length: 50 });
  expect(known).toMatchObject({ ok: true, upload: { length: 50, offset: 10 } });
  expect(append(upload, { offset: 10, parts: [], length: 50 })).toMatchObject({ upload: { length: 100 } });
});

test("an append that comes again changes nothing", () => {
  const again = append(upload, { offset: 0, parts: [part("first", 10)] });
  expect(again.ok && again.upload).toBe(upload);
});

test.each([
  ["before its end", 0, [part("other", 10)]],
  ["before its end, and less", 0, [part("first", 5)]],
  ["after its end", 20, [part("second", 10)]],
  ["of nothing elsewhere", 0, []],
])("an append %s is told where the upload ends", (_, offset, parts) => {
  expect(append(upload, { offset, parts })).toEqual({ ok: false, reason: "moved", offset: 10 });
});

function part(blob: string, bytes: number): UploadPart {
  return { blob, bytes, sha256: "0".repeat(64) };
}
