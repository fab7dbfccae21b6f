import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { personal, SECRET } from "./test-metadata.ts";
import { animation, convert, difference, scene } from "./test-pictures.ts";

const codes = (warnings: { code: string }[]) => warnings.map(({ code }) => code);

/** Files that grow when they are encoded again with the options below. */
const tight = {
  jpeg: () => scene().jpeg({ quality: 5 }).toBuffer(),
  png: () => scene().png(small("png")).toBuffer(),
  webp: () => scene().webp({ quality: 5 }).toBuffer(),
  gif: () => animation("gif", ["#f00", "#0f0"]),
} as const;
const again = { jpeg: { quality: 100 }, png: {}, webp: { lossless: true }, gif: {} };
const formats = ["jpeg", "png", "webp"] as const;

describe("a file that was only to be encoded again and would grow", () => {
  test.each(formats)("%s keeps its own pixels, without what is personal", async (format) => {
    const plain = await tight[format]();
    const file = await sharp(plain)
      .withExif({ IFD0: { Artist: SECRET } })
      .withXmp(`<x>${SECRET}</x>`)
      .toFormat(format, small(format))
      .toBuffer();
    expect(file.toString("latin1")).toContain(SECRET);
    const { data, warnings, meta } = await convert(file, { format: "original", ...again[format] });
    expect(codes(warnings)).toEqual(["original_kept"]);
    expect(data.length).toBeLessThan(file.length);
    expect(data.toString("latin1")).not.toMatch(new RegExp(`${SECRET}|Exif|xmp`));
    expect(await sharp(data).raw().toBuffer()).toEqual(await sharp(file).raw().toBuffer());
    expect(meta).toMatchObject({ format, savedBytes: file.length - data.length });
  });

  test.each(formats)("%s is the same file when its metadata is kept", async (format) => {
    const file = await tight[format]();
    const { data, warnings } = await convert(file, { format, ...again[format], keepMetadata: true });
    expect(codes(warnings)).toEqual(["original_kept"]);
    expect(data).toEqual(file);
  });

  test("a JPEG that lies on its side is seen upright", async () => {
    const file = await sharp(await tight.jpeg())
      .withMetadata({ orientation: 6 })
      .withExifMerge({ IFD0: { Artist: SECRET } })
      .jpeg({ quality: 5 })
      .toBuffer();
    const { data, warnings, meta } = await convert(file, { format: "jpeg", quality: 100 });
    expect(codes(warnings)).toEqual(["original_kept"]);
    expect(meta).toMatchObject({ width: 200, height: 320 });
    expect(await difference(sharp(data).autoOrient(), sharp(file).autoOrient())).toBe(0);
    expect(data.toString("latin1")).not.toContain(SECRET);
  });

  test.each(["png", "webp"] as const)(
    "%s that lies on its side is turned, though it grows",
    async (format) => {
      const file = await sharp(await tight[format]())
        .withMetadata({ orientation: 6 })
        .toFormat(format, small(format))
        .toBuffer();
      const { data, warnings } = await convert(file, { format, ...again[format] });
      expect(codes(warnings)).toEqual(["larger_than_input"]);
      expect(await sharp(data).metadata()).toMatchObject({ width: 200, height: 320 });
    },
  );

  test("one that is cut off is not handed out as it came", async () => {
    const file = await tight.jpeg();
    const cut = file.subarray(0, Math.floor(file.length * 0.8));
    const { warnings } = await convert(cut, { format: "original", quality: 100, tolerant: true });
    expect(codes(warnings).sort()).toEqual(["cut_off", "larger_than_input"]);
  });

  test("a profile stays with the pixels that need it", async () => {
    const file = await scene().withIccProfile("p3").jpeg({ quality: 5 }).toBuffer();
    const { data } = await convert(file, { format: "original", quality: 100 });
    expect((await sharp(data).metadata()).hasProfile).toBe(true);
  });

  test("a GIF keeps its frames and loses its comments", async () => {
    const file = await personal("gif");
    const { data } = await convert(file, { format: "original" });
    expect(data.toString("latin1")).not.toContain(SECRET);
    const moving = await animation("gif", ["#f00", "#0f0", "#00f"]);
    const { data: kept } = await convert(moving, { format: "original" });
    expect(await sharp(kept).metadata()).toMatchObject({ pages: 3, delay: [100, 150, 200], loop: 3 });
    expect(kept.length).toBeLessThanOrEqual(moving.length);
  });
});

describe("a larger result with another reason is reported", () => {
  test.each([
    ["another format", { format: "png" }],
    ["a resize", { format: "original", width: 640, enlarge: true, quality: 100 }],
    ["a watermark", { format: "original", quality: 100, watermark: { text: "mine" } }],
  ])("%s", async (_, options) => {
    const file = await tight.jpeg();
    const { data, warnings } = await convert(file, options);
    expect(data.length).toBeGreaterThan(file.length);
    expect(codes(warnings)).toEqual(["larger_than_input"]);
  });

  test("a smaller one is not", async () => {
    const file = await scene().png().toBuffer();
    expect((await convert(file, { format: "jpeg" })).warnings).toEqual([]);
  });
});

function small(format: "jpeg" | "png" | "webp") {
  return format === "png" ? { adaptiveFiltering: true, compressionLevel: 9 } : { quality: 5 };
}
