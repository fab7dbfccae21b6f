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

test("halves are rounded as libvips rounds them, whether a picture shrinks or grows", async () => {
  // Found by comparing all sizes below 90 pixels whose other side comes to a half.
  for (const [width, height, wanted] of [
    [40, 50, 18],
    [22, 55, 5],
    [84, 35, 18],
    [18, 45, 5],
    [22, 11, 25],
  ] as const) {
    const { info } = await sharp({ create: { width, height, channels: 3, background: "#345" } })
      .resize({ width: wanted })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const target = { width: wanted, height: undefined, fit: "inside", enlarge: true } as const;
    expect(outputSize({ width, height }, target)).toEqual({ width: info.width, height: info.height });
  }
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
