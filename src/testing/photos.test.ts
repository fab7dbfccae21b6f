import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { makePhotos, writePhotos } from "./photos.ts";

test("12 megapixels and the bytes of a photograph", async () => {
  const { value: photo } = await makePhotos(1).next();
  expect(await sharp(photo!.data).metadata()).toMatchObject({ format: "jpeg", width: 4000, height: 3000 });
  expect(photo!.data.length).toBeGreaterThan(2e6);
  expect(photo!.data.length).toBeLessThan(5e6);
});

test("the same seed gives the same, distinct pictures", async () => {
  const small = { width: 400, height: 300 };
  const [some, again, others] = await Promise.all([
    collect(makePhotos(3, small)),
    collect(makePhotos(2, small)),
    collect(makePhotos(2, { ...small, seed: 2 })),
  ]);
  expect(again).toEqual(some.slice(0, 2));
  expect(new Set([...some, ...others].map((photo) => photo.data.toString("base64"))).size).toBe(5);
});

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

test("files that are there already are kept", async () => {
  const folder = await mkdtemp(join(tmpdir(), "photos-"));
  try {
    const paths = await writePhotos(folder, 2, { width: 40, height: 30 });
    expect(paths.map((path) => path.slice(folder.length + 1))).toEqual(["photo-0001.jpg", "photo-0002.jpg"]);
    await writePhotos(folder, 2, { width: 80, height: 60 });
    expect(await sharp(paths[0]!).metadata()).toMatchObject({ width: 40 });
  } finally {
    await rm(folder, { recursive: true });
  }
});
