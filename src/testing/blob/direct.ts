import { expect } from "vitest";
import type { DirectUpload } from "../../ports/blobs.ts";
import type { DefinePoint } from "../points.ts";
import { type BlobFixture, pattern, sha256 } from "./fixture.ts";

export function directPoints(point: DefinePoint<BlobFixture>): void {
  const send = (direct: DirectUpload, body: Buffer, headers = direct.headers) =>
    fetch(direct.url, { method: direct.method, headers, body: new Uint8Array(body) });

  point(
    "direct.round-trip",
    "what a client sends to a presigned address becomes a blob",
    async ({ blobs, skip }) => {
      const bytes = pattern(200_000);
      const announced = { sha256: sha256(bytes), bytes: bytes.length };
      const direct = await blobs.presignUpload?.({ ...announced, seconds: 60 });
      if (!direct) return skip("clients cannot write directly");
      expect(await blobs.adopt!(direct.staged, announced)).toBeNull();
      expect((await send(direct, bytes)).status).toBe(200);
      const kept = await blobs.adopt!(direct.staged, announced);
      expect(kept).toMatchObject(announced);
      expect((await blobs.read(kept!.key)).equals(bytes)).toBe(true);
      // The adopted blob is separate: the upload URL no longer leads to it.
      await send(direct, bytes);
      await blobs.remove([kept!.key]);
      const again = await blobs.adopt!(direct.staged, announced);
      expect(again?.key).not.toBe(kept!.key);
    },
  );

  point(
    "direct.at-once",
    "two who adopt the same at once harm each other in nothing",
    async ({ blobs, skip }) => {
      const bytes = pattern(200_000);
      const announced = { sha256: sha256(bytes), bytes: bytes.length };
      for (let n = 0; n < 10; n++) {
        const direct = await blobs.presignUpload?.({ ...announced, seconds: 60 });
        if (!direct) return skip("clients cannot write directly");
        await send(direct, bytes);
        const adopt = () => blobs.adopt!(direct.staged, announced);
        const kept = (await Promise.all([adopt(), adopt(), adopt()])).filter((one) => one !== null);
        expect(kept.length).toBeGreaterThan(0);
        for (const { key } of kept) expect((await blobs.read(key)).equals(bytes)).toBe(true);
      }
    },
  );

  point("direct.announced", "only the announced bytes become a blob", async ({ blobs, skip, listed }) => {
    const bytes = pattern(1_000);
    const announced = { sha256: sha256(bytes), bytes: bytes.length };
    const direct = await blobs.presignUpload?.({ ...announced, seconds: 60 });
    if (!direct) return skip("clients cannot write directly");
    const other = Buffer.alloc(1_000, 7);
    await send(direct, other);
    await send(direct, other, {
      "x-amz-checksum-sha256": Buffer.from(sha256(other), "hex").toString("base64"),
    });
    await send(direct, pattern(1_001));
    expect(await blobs.adopt!(direct.staged, announced)).toBeNull();
    expect(await blobs.adopt!("../blobs/x", announced)).toBeNull();
    expect(await listed()).toEqual([]);
  });
}
