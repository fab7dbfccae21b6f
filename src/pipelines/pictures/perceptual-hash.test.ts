import { readFile } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { hashOfPixels, perceptualHash } from "./perceptual-hash.ts";

const sample = (name: string) => readFile(`samples/${name}`);

function bitsApart(one: string, other: string): number {
  return (BigInt(`0x${one}`) ^ BigInt(`0x${other}`)).toString(2).replaceAll("0", "").length;
}

async function apart(one: Buffer, other: Buffer): Promise<number> {
  const [a, b] = [await perceptualHash(one), await perceptualHash(other)];
  return Math.min(...a!.turned.map((hash) => bitsApart(hash, b!.hash)));
}

test.each(["mountains.jpg", "dunes.jpg", "flower.png"])(
  "%s is known after edits, mirrored and turned",
  async (name) => {
    const small = await sharp(await sample(name))
      .flatten({ background: "#fff" })
      .resize(400)
      .png()
      .toBuffer();
    const edits: Record<string, Sharp> = {
      quality: sharp(small).jpeg({ quality: 30 }),
      size: sharp(small).resize(160).webp({ quality: 50 }),
      gray: sharp(small).greyscale().jpeg(),
      mirrored: sharp(small).flop().jpeg(),
      turned: sharp(small).rotate(90).jpeg(),
      "upside down and mirrored": sharp(small).flip().jpeg(),
      transposed: sharp(small).rotate(270).flop().jpeg(),
    };
    for (const [edit, image] of Object.entries(edits)) {
      expect(await apart(small, await image.toBuffer()), edit).toBeLessThanOrEqual(4);
    }
  },
);

test("the EXIF orientation counts", async () => {
  const upright = await sharp(await sample("pines.jpg"))
    .resize(300)
    .jpeg()
    .toBuffer();
  const lying = await sharp(upright).rotate(-90).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const [a, b] = [await perceptualHash(upright), await perceptualHash(lying)];
  expect(bitsApart(a!.hash, b!.hash)).toBeLessThanOrEqual(2);
});

test("different pictures are far apart", async () => {
  expect(await apart(await sample("sea.jpg"), await sample("pines.jpg"))).toBeGreaterThan(12);
});

test("mirroring and turning the pixels gives the hashes that were foretold, in their order", async () => {
  const pixels = await sharp(await sample("marbles.jpg"))
    .resize(32, 32, { fit: "fill" })
    .greyscale()
    .raw()
    .toBuffer();
  const at = (x: number, y: number) => pixels[y * 32 + x]!;
  const moved = (from: (x: number, y: number) => number) =>
    hashOfPixels(Uint8Array.from({ length: 1024 }, (_, i) => from(i % 32, Math.floor(i / 32))))!.hash;
  const { turned } = hashOfPixels(pixels)!;
  expect([
    moved(at),
    moved((x, y) => at(31 - x, y)),
    moved((x, y) => at(x, 31 - y)),
    moved((x, y) => at(31 - x, 31 - y)),
    moved((x, y) => at(y, x)),
  ]).toEqual(turned.slice(0, 5));
  expect(new Set(turned).size).toBe(8);
});

test("a plain area has no hash", async () => {
  const plain = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#88aacc" } })
    .png()
    .toBuffer();
  expect(await perceptualHash(plain)).toBeNull();
});
