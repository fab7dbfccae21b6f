import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { refusal } from "../refusal.ts";
import { within } from "../wait.ts";
import { type BlobFixture, content, flow, pattern } from "./fixture.ts";

/** Keys of valid and invalid form, none of which was ever assigned. */
const MISSING = [
  `${"0".repeat(64)}-00000000`,
  "00000000-0000-7000-8000-000000000000",
  "",
  "..",
  "../../../../../../../../etc/passwd",
  "a/b",
  "key\u0000",
];

export function readingPoints(point: DefinePoint<BlobFixture>): void {
  point("read.range", "a range gives exactly its bytes, at both ends too", async ({ blobs }) => {
    const bytes = pattern(300_000);
    const { key } = await blobs.put(bytes);
    const last = bytes.length - 1;
    for (const [start, end] of [
      [0, 0],
      [0, 99],
      [65_530, 65_550],
      [1, last - 1],
      [last, last],
      [0, last],
    ] as const) {
      expect(await content(blobs, key, { start, end })).toEqual(bytes.subarray(start, end + 1));
    }
  });

  point("read.range-cut", "an end past the file is cut, a start past it is refused", async ({ blobs }) => {
    const bytes = pattern(1_000);
    const { key } = await blobs.put(bytes);
    expect(await content(blobs, key, { start: 990, end: 5_000 })).toEqual(bytes.subarray(990));
    await refusal(blobs.open(key, { start: 1_000, end: 1_000 }), "range_not_satisfiable");
    await refusal(blobs.open(key, { start: 5, end: 4 }), "range_not_satisfiable");
    const empty = await blobs.put(Buffer.alloc(0));
    await refusal(blobs.open(empty.key, { start: 0, end: 0 }), "range_not_satisfiable");
  });

  point("read.missing", "a missing key is gone, whatever it looks like", async ({ blobs }) => {
    const { key } = await blobs.put(Buffer.from("short-lived"));
    await blobs.remove([key]);
    for (const missing of [key, ...MISSING]) {
      await refusal(blobs.open(missing), "gone");
      await refusal(blobs.open(missing, { start: 0, end: 1 }), "gone");
      await refusal(blobs.read(missing), "gone");
    }
  });

  point("read.given-up", "a reader may leave early", async ({ blobs }) => {
    const { key } = await blobs.put(flow(8 * 1024 * 1024));
    for (let round = 0; round < 20; round++) {
      const stream = await blobs.open(key);
      if (round % 2) await stream[Symbol.asyncIterator]().next();
      const closed = new Promise((resolve) => stream.once("close", resolve));
      stream.destroy();
      await within(5_000, "closing", closed);
    }
    expect((await blobs.read(key)).length).toBe(8 * 1024 * 1024);
  });

  point("read.at-once", "many readers read one blob at once", async ({ blobs }) => {
    const bytes = pattern(500_000);
    const { key } = await blobs.put(bytes);
    const all = await Promise.all(Array.from({ length: 20 }, () => content(blobs, key)));
    expect(all.every((read) => read.equals(bytes))).toBe(true);
  });

  point("read.local-path", "a local path leads to the same bytes", async ({ blobs, skip }) => {
    const { key } = await blobs.put(Buffer.from("on this machine"));
    const path = blobs.localPath(key);
    if (path === null) return skip("the bytes are not in local files");
    expect(await readFile(path, "utf8")).toBe("on this machine");
  });

  point("read.presigned", "a presigned address gives the bytes, named and typed", async ({ blobs, skip }) => {
    const { key } = await blobs.put(Buffer.from("direct"));
    const address = await blobs.presign?.(key, {
      seconds: 60,
      name: '사진 "1".webp',
      mediaType: "image/webp",
    });
    if (!address) return skip("clients cannot read directly");
    const answer = await fetch(address);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe("direct");
  });
}
