import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { outputSize } from "./size.ts";

const side = fc.integer({ min: 1, max: 60 });
const target = fc.record({
  width: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
  height: fc.option(fc.integer({ min: 1, max: 90 }), { nil: undefined }),
  fit: fc.constantFrom("inside", "cover", "contain", "fill", "outside"),
  enlarge: fc.boolean(),
});

test("the size is the one that sharp comes to", async () => {
  await fc.assert(
    fc.asyncProperty(side, side, target, async (width, height, options) => {
      const picture = sharp({ create: { width, height, channels: 3, background: "#345" } });
      const { enlarge, ...resize } = options;
      const { info } = await (resize.width || resize.height
        ? picture.resize({ ...resize, withoutEnlargement: !enlarge })
        : picture
      )
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect(outputSize({ width, height }, options)).toEqual({ width: info.width, height: info.height });
    }),
    { numRuns: 400 },
  );
});

test("of an animation too, to the pixel", async () => {
  const frame = (background: string) => ({
    create: { width: 37, height: 22, channels: 3 as const, background },
  });
  const pages = await Promise.all(["#fff", "#000"].map((colour) => sharp(frame(colour)).png().toBuffer()));
  const joined = sharp(pages, { join: { animated: true } });
  const sources = [await joined.clone().gif().toBuffer(), await joined.clone().webp().toBuffer()];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...sources), target, async (data, { enlarge, ...resize }) => {
      fc.pre(Boolean(resize.width || resize.height));
      const { info } = await sharp(data, { animated: true })
        .resize({ ...resize, withoutEnlargement: !enlarge, fastShrinkOnLoad: false })
        .gif()
        .toBuffer({ resolveWithObject: true });
      const expected = { width: info.width, height: info.pageHeight };
      expect(outputSize({ width: 37, height: 22, frames: 2 }, { ...resize, enlarge })).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test("the ratio is kept, and nothing grows unless it may", () => {
  const photo = { width: 4000, height: 3000 };
  const inside = { fit: "inside", enlarge: false } as const;
  expect(outputSize(photo, { ...inside, width: 1280, height: undefined })).toEqual({
    width: 1280,
    height: 960,
  });
  expect(outputSize(photo, { ...inside, width: 100, height: 100 })).toEqual({ width: 100, height: 75 });
  expect(outputSize(photo, { ...inside, width: 8000, height: undefined })).toEqual(photo);
  expect(outputSize(photo, { fit: "inside", enlarge: true, width: 8000, height: undefined })).toEqual({
    width: 8000,
    height: 6000,
  });
});
