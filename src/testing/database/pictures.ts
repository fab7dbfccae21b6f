import { expect } from "vitest";
import { pictureRecords } from "../../database/pictures.ts";
import { publicationRecords } from "../../database/publications.ts";
import { bandKeys, nearKeys } from "../../domain/picture-hashes.ts";
import type { DefinePoint } from "../points.ts";
import type { DatabaseFixture } from "./fixture.ts";

const HASH = "0123456789abcdef";
/** Differs from `HASH` in eight bits. */
const NEAR = "0123456789abcd10";
const FAR = "ff00ff00ff00ff00";

export function picturePoints(point: DefinePoint<DatabaseFixture>): void {
  point(
    "pictures.near",
    "an owner's near hashes are found, and only while a picture has them",
    async (fixture) => {
      const pictures = pictureRecords(fixture.database);
      const keep = (artifactId: string, hash: string, owner = "ada", at = 1) =>
        pictures.keep({ artifactId, owner, jobId: "job", hash, at }, bandKeys(hash));
      await keep("a", HASH);
      await keep("b", HASH, "ada", 2);
      await keep("c", NEAR);
      await keep("d", FAR);
      await keep("e", HASH, "ben");
      const near = async (owner = "ada") =>
        [...new Set(await pictures.candidates(owner, nearKeys([HASH])))].sort();
      expect(await near()).toEqual([NEAR, HASH].sort());
      expect(await near("ben")).toEqual([HASH]);
      expect(await near("eve")).toEqual([]);
      const found = await pictures.withHashes("ada", [HASH, NEAR], 2);
      expect(found.map(({ artifactId }) => artifactId)).toEqual(["b", "a"]);
      expect(await pictures.withHashes("ada", [], 2)).toEqual([]);
      await pictures.forget([found[0]!]);
      expect(await near()).toEqual([NEAR, HASH].sort());
      await pictures.forget(await pictures.withHashes("ada", [HASH], 10));
      expect(await near()).toEqual([NEAR]);
      // The same file, hashed again by another version.
      await keep("c", HASH);
      expect((await pictures.withHashes("ada", [HASH], 10)).map(({ artifactId }) => artifactId)).toEqual([
        "c",
      ]);
      const page = await pictures.page("c", 10);
      expect(page.map(({ artifactId, owner }) => [artifactId, owner])).toEqual([
        ["d", "ada"],
        ["e", "ben"],
      ]);
      await pictures.forget(page);
      expect(await pictures.page("", 10)).toHaveLength(1);
      await pictures.removeAll("ada");
      expect(await near()).toEqual([]);
    },
  );

  point("publications.records", "a publication is there until its owner ends it", async (fixture) => {
    const records = publicationRecords(fixture.database);
    const publication = (id: string, parts: object = {}) => ({
      ...{ id, owner: "ada", jobId: "job", sha256: "5ea", blob: "blob", bytes: 3, name: "a.webp" },
      ...{ mediaType: "image/webp", createdAt: 1, ...parts },
    });
    expect(await records.begin(publication("a"))).toBe(true);
    expect(await records.withContent("5ea")).toBeNull();
    expect(await records.begin(publication("a"))).toBe(true);
    await records.pinned("a", "kept");
    expect(await records.begin(publication("a"))).toBe(false);
    const kept = publication("a", { blob: "kept" });
    expect(await publicationRecords(await fixture.open()).withContent("5ea")).toEqual(kept);
    await records.begin(publication("b", { jobId: "other" }));
    await records.begin(publication("c", { owner: "ben" }));
    const asked = { owner: "ada", limit: 10 };
    expect((await records.list(asked)).map(({ id }) => id)).toEqual(["a", "b"]);
    expect((await records.list({ ...asked, after: "a" })).map(({ id }) => id)).toEqual(["b"]);
    expect((await records.list({ ...asked, jobId: "job" })).map(({ id }) => id)).toEqual(["a"]);
    expect(await records.end("ben", "a")).toBeNull();
    expect(await records.end("ada", "a")).toEqual({ ...kept, pinned: true });
    expect(await records.end("ada", "b")).toMatchObject({ id: "b", pinned: false });
    expect(await records.withContent("5ea")).toBeNull();
  });
}
