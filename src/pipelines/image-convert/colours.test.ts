import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { convert, difference, scene } from "./test-pictures.ts";

const exif = { IFD0: { Copyright: "Millrace", Make: "Camera" } };

describe("EXIF orientation", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("%i is applied and gone", async (orientation) => {
    const data = await scene().withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
    const upright = await sharp(data).autoOrient().png().toBuffer();
    const size = await sharp(upright).metadata();
    for (const keepMetadata of [false, true]) {
      // Lower quality than the source, because a larger result would be replaced by the source.
      const result = await convert(data, { format: "jpeg", quality: 90, keepMetadata });
      expect(result.meta).toMatchObject({ width: size.width, height: size.height });
      expect([1, undefined]).toContain((await sharp(result.data).metadata()).orientation);
      expect(await difference(result.data, upright)).toBeLessThan(2);
    }
    const small = await convert(data, { width: 80, height: 80, format: "png" });
    expect(small.meta).toMatchObject(orientation > 4 ? { width: 50, height: 80 } : { width: 80, height: 50 });
    const direct = sharp(upright).resize({ width: 80, height: 80, fit: "inside" });
    expect(await difference(small.data, direct)).toBeLessThan(3);
  });
});

describe("colours do not shift", () => {
  // As a color-managed viewer shows it. Without the profile's name, sharp leaves 16-bit images in Display P3.
  const shown = async (data: Buffer) => {
    const { hasProfile } = await sharp(data).metadata();
    return (hasProfile ? sharp(data).withIccProfile("srgb") : sharp(data)).png().toBuffer();
  };
  const original = () => scene().png().toBuffer();

  const sources: Record<string, [make: () => Promise<Buffer>, tolerance: number]> = {
    "Display P3 JPEG": [() => scene().withIccProfile("p3").jpeg({ quality: 95 }).toBuffer(), 2],
    "Display P3 PNG": [() => scene().withIccProfile("p3").png().toBuffer(), 1.5],
    "16-bit PNG": [() => scene().toColourspace("rgb16").png().toBuffer(), 1],
    "16-bit Display P3 PNG": [
      () => scene().toColourspace("rgb16").withIccProfile("p3").png().toBuffer(),
      1.5,
    ],
    "16-bit Display P3 TIFF": [
      () => scene().toColourspace("rgb16").withIccProfile("p3").tiff({ compression: "lzw" }).toBuffer(),
      1.5,
    ],
    "CMYK JPEG": [
      () => scene().toColourspace("cmyk").withIccProfile("cmyk").jpeg({ quality: 98 }).toBuffer(),
      8,
    ],
    "CMYK JPEG without a profile": [
      async () => {
        const cmyk = scene().toColourspace("cmyk").withIccProfile("cmyk", { attach: false });
        return cmyk.jpeg({ quality: 98 }).toBuffer();
      },
      8,
    ],
  };

  describe.each(Object.entries(sources))("%s", (_, [make, tolerance]) => {
    test.each(["jpeg", "png", "webp", "avif", "tiff"])("as %s", async (format) => {
      for (const keepMetadata of [false, true]) {
        const result = await convert(await make(), { format, quality: 95, keepMetadata });
        const header = await sharp(result.data).metadata();
        expect(header.space).not.toBe("cmyk");
        const kept = result.warnings.some(({ code }) => code === "original_kept");
        if (!keepMetadata) expect(header.hasProfile).toBe(kept);
        expect(await difference(await shown(result.data), await original())).toBeLessThan(tolerance + 1);
      }
    });
  });

  test("the profile stays with keepMetadata", async () => {
    const p3 = await scene().withIccProfile("p3").jpeg().toBuffer();
    const { data } = await convert(p3, { keepMetadata: true });
    const [before, after] = await Promise.all(
      [p3, data].map(async (each) => (await sharp(each).metadata()).icc),
    );
    expect(after).toEqual(before);
  });

  test("16 bits stay in formats that have them", async () => {
    const deep = await scene().toColourspace("rgb16").png().toBuffer();
    expect((await sharp((await convert(deep, { format: "png" })).data).metadata()).depth).toBe("ushort");
    expect((await sharp((await convert(deep, { format: "jpeg" })).data).metadata()).depth).toBe("uchar");
  });

  test.each(["b-w", "grey16"])("%s stays grey", async (space) => {
    const grey = await scene().greyscale().toColourspace(space).png().toBuffer();
    const { data } = await convert(grey, { format: "png" });
    expect(await difference(data, scene().greyscale())).toBeLessThan(1.5);
  });
});

describe("metadata", () => {
  test.each(["jpeg", "png", "webp", "avif"])("in %s goes by default and stays on demand", async (format) => {
    const data = await scene().withExif(exif).jpeg().toBuffer();
    const bare = await convert(data, { format });
    expect((await sharp(bare.data).metadata()).exif).toBeUndefined();
    const kept = await convert(data, { format, keepMetadata: true });
    expect((await sharp(kept.data).metadata()).exif?.toString("latin1")).toContain("Millrace");
  });
});
