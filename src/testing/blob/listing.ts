import { expect } from "vitest";
import type { DefinePoint } from "../points.ts";
import { sleep } from "../wait.ts";
import type { BlobFixture } from "./fixture.ts";

/** More than one page in any adapter. */
const MANY = 1_200;

export function listingPoints(point: DefinePoint<BlobFixture>): void {
  point(
    "list.pages",
    "every blob is listed once, in pages, and removed in one call",
    async ({ blobs, listed }) => {
      const keys: string[] = [];
      for (let index = 0; index < MANY; index += 40) {
        const some = Array.from({ length: 40 }, (_, offset) =>
          blobs.put(Buffer.from(`blob ${index + offset}`)),
        );
        keys.push(...(await Promise.all(some)).map(({ key }) => key));
      }
      let pages = 0;
      for await (const page of blobs.list(Date.now() + 60_000)) {
        expect(page.length).toBeGreaterThan(0);
        pages++;
      }
      expect(pages).toBeGreaterThan(1);
      expect((await listed()).sort()).toEqual(keys.toSorted());
      await blobs.remove(keys);
      expect(await listed()).toEqual([]);
    },
  );

  point("list.older", "only what was written before the given time is listed", async ({ blobs, listed }) => {
    const old = await blobs.put(Buffer.from("old"));
    // Some services report times in whole seconds.
    await sleep(1_100);
    const between = Date.now();
    await sleep(1_100);
    const young = await blobs.put(Buffer.from("young"));
    expect(await listed(between)).toEqual([old.key]);
    expect((await listed()).sort()).toEqual([old.key, young.key].sort());
    expect(await listed(0)).toEqual([]);
  });

  point(
    "list.while-removing",
    "each page may be removed before the next is asked for",
    async ({ blobs, listed }) => {
      await Promise.all(Array.from({ length: 50 }, (_, index) => blobs.put(Buffer.from(`blob ${index}`))));
      for await (const page of blobs.list(Date.now() + 60_000)) await blobs.remove(page);
      expect(await listed()).toEqual([]);
    },
  );

  point("merge.heals", "a second copy goes, and heals the first where that was lost", async (fixture) => {
    const { blobs } = fixture;
    const put = () => blobs.put(Buffer.from("same"));
    const [first, second, third] = [await put(), await put(), await put()];
    await blobs.merge(second, first.key);
    expect((await fixture.listed()).sort()).toEqual([first.key, third.key].sort());
    await blobs.remove([first.key]);
    await blobs.merge(third, first.key);
    expect(await fixture.listed()).toEqual([first.key]);
    expect((await blobs.read(first.key)).toString()).toBe("same");
  });

  point("remove.idempotent", "removing is quiet about what is missing", async ({ blobs, listed }) => {
    const { key } = await blobs.put(Buffer.from("once"));
    const kept = await blobs.put(Buffer.from("kept"));
    await blobs.remove([]);
    await blobs.remove([key, key, `${"0".repeat(64)}-00000000`, "../outside", ""]);
    await Promise.all([blobs.remove([key]), blobs.remove([key])]);
    expect(await listed()).toEqual([kept.key]);
  });
}
