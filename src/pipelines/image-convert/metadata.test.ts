import { inflateSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { exifDensity } from "../pictures/exif.ts";
import { fitXmp, xmpText } from "../pictures/xmp.ts";
import { personal, SECRET, thumbnailOf, withGainMap, withThumbnail, xmp } from "./test-metadata.ts";
import { convert, scene } from "./test-pictures.ts";

const inputs = ["jpeg", "png", "webp", "avif", "tiff", "gif", "svg"] as const;
const outputs = ["jpeg", "png", "webp", "avif", "tiff", "gif"] as const;
const pairs = inputs.flatMap((input) => outputs.map((output) => [input, output] as const));

/** All plain or compressed text in a file. */
function told(file: Buffer): string {
  const texts = [file.toString("latin1"), file.toString("utf16le")];
  for (const { index } of file.toString("latin1").matchAll(/x[\x01\x5e\x9c\xda]/g)) {
    try {
      texts.push(inflateSync(file.subarray(index), { maxOutputLength: 1e6 }).toString("latin1"));
    } catch {
      // These two bytes do not start compressed data.
    }
  }
  return texts.join("\n");
}

describe("without keepMetadata nothing personal remains", () => {
  test("the files to be converted do have it", async () => {
    for (const input of inputs) expect(told(await personal(input)), input).toContain(SECRET);
  });

  test.each(pairs)("%s to %s", async (input, format) => {
    const { data } = await convert(await personal(input), { format });
    expect(told(data)).not.toContain(SECRET);
    expect(told(data)).not.toMatch(/GPS|adobe|Exif\0|37,33/);
    const { exif, xmp, iptc, comments } = await sharp(data).metadata();
    expect({ exif, xmp, iptc, comments }).toEqual({});
  });
});

describe("with keepMetadata it fits the new pixels", () => {
  const exifFormats = ["jpeg", "png", "webp", "avif"] as const;
  test.each(exifFormats.flatMap((input) => outputs.map((output) => [input, output] as const)))(
    "%s to %s",
    async (input, format) => {
      const source = await personal(input);
      const { data, warnings } = await convert(source, { format, width: 100, keepMetadata: true });
      const header = await sharp(data).metadata();
      expect([header.width, header.height, header.orientation ?? 1]).toEqual([100, 160, 1]);
      const lost = warnings.find(({ code }) => code === "metadata_dropped")?.message ?? "";
      if (format === "gif" || format === "tiff") expect(lost).toMatch(/^EXIF /);
      else expect(header.exif!.toString("latin1")).toContain(SECRET);
      if (format === "gif") {
        expect(lost).toContain("XMP");
        return;
      }
      const kept = header.xmp!.toString();
      expect(kept).toContain(SECRET);
      expect(kept).toContain('t:Orientation="1"');
      expect(kept).toContain('exif:PixelXDimension="100"');
      expect(kept).toContain("<exif:PixelYDimension>160</exif:PixelYDimension>");
      expect(kept).toContain("<t:ImageWidth>100</t:ImageWidth><t:ImageLength>160</t:ImageLength>");
      expect(kept).not.toContain("old-thumbnail");
    },
  );

  test("IPTC stays in JPEG, and elsewhere its loss is reported", async () => {
    const source = await personal("jpeg");
    const { data } = await convert(source, { format: "jpeg", keepMetadata: true });
    expect((await sharp(data).metadata()).iptc?.toString("latin1")).toContain("keyword");
    for (const format of ["png", "tiff", "webp", "avif", "gif"]) {
      const { warnings } = await convert(source, { format, keepMetadata: true });
      expect(warnings.find(({ code }) => code === "metadata_dropped")?.message, format).toContain("IPTC");
    }
  });

  test.each(["jpeg", "png", "webp", "avif"] as const)(
    "the thumbnail in %s goes, the rest stays",
    async (format) => {
      const source = await withThumbnail(format);
      expect(await thumbnailOf(source)).toContain("a thumbnail");
      const { data } = await convert(source, { format, keepMetadata: true });
      expect(await thumbnailOf(data)).toBe(null);
      expect((await sharp(data).metadata()).exif!.toString("latin1")).toContain("Maker");
      expect(data.toString("latin1")).not.toContain("a thumbnail");
    },
  );

  test("a picture that says nothing loses nothing", async () => {
    for (const format of outputs) {
      const { warnings } = await convert(await scene().png().toBuffer(), { format, keepMetadata: true });
      expect(warnings.filter(({ code }) => !/larger|original/.test(code))).toEqual([]);
    }
  });
});

describe("density", () => {
  const density = async (data: Buffer) => {
    const header = await sharp(data).metadata();
    return header.density ?? (header.exif ? exifDensity(header.exif) : null);
  };

  test.each(["jpeg", "png", "webp", "avif", "tiff"] as const)(
    "of %s is kept with its metadata",
    async (input) => {
      const source = await personal(input);
      expect(Math.round((await density(source))!)).toBe(300);
      for (const format of ["jpeg", "png", "webp", "avif", "tiff"]) {
        const { data } = await convert(source, { format, keepMetadata: true });
        expect(Math.round((await density(data))!), format).toBe(300);
      }
    },
  );

  test.each(["jpeg", "png", "tiff"] as const)("of %s is kept in TIFF always", async (input) => {
    const { data } = await convert(await personal(input), { format: "tiff" });
    expect(await density(data)).toBe(300);
  });

  test("a TIFF without one is for a screen, not for a wall", async () => {
    const { data } = await convert(await scene().webp().toBuffer(), { format: "tiff" });
    expect(await density(data)).toBe(72);
  });
});

describe("a gain map", () => {
  const dropped = expect.objectContaining({ code: "gain_map_dropped" });

  test("stays in JPEG with the metadata, and takes part in what happens to the picture", async () => {
    const { data, warnings } = await convert(await withGainMap(), {
      format: "jpeg",
      width: 20,
      keepMetadata: true,
    });
    const { gainMap } = await sharp(data).metadata();
    expect(await sharp(gainMap!.image).metadata()).toMatchObject({ width: 10, height: 5 });
    expect(warnings).toEqual([]);
  });

  test.each([
    { format: "jpeg" },
    { format: "webp", keepMetadata: true },
    { format: "jpeg", keepMetadata: true, watermark: { text: "mine" } },
  ])("its loss is reported: %j", async (options) => {
    const { warnings } = await convert(await withGainMap(), options);
    expect(warnings).toContainEqual(dropped);
  });
});

describe("XMP", () => {
  const size = { width: 5, height: 7 };

  test("in UTF-16 is read, and what is no text is not", () => {
    expect(xmpText(Buffer.from(`\ufeff${xmp}`, "utf16le"))).toContain(SECRET);
    expect(xmpText(Buffer.from(`\ufeff${xmp}`, "utf16le").swap16())).toContain(SECRET);
    expect(xmpText(Buffer.from([0x3c, 0xff, 0xfe]))).toBe(null);
  });

  test("properties of other namespaces stay", () => {
    const other = '<a xmlns:tiff="urn:other" tiff:Orientation="6"/>';
    expect(fitXmp(other, size)).toBe(other);
  });

  test("what points to other data of the old file goes", () => {
    const photo =
      '<d xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/" xmlns:C="http://ns.google.com/photos/1.0/container/" xmlns:G="http://ns.google.com/photos/1.0/camera/" h:Version="1.0" G:MotionPhoto="1" G:MotionPhotoVersion="1"><C:Directory><rdf:Seq>2</rdf:Seq></C:Directory>kept</d>';
    expect(fitXmp(photo, size).replace(/xmlns:\w="[^"]*"/g, "")).toBe("<d   >kept</d>");
  });

  test("hostile text costs no more than its length", () => {
    const head = 'xmlns:t="http://ns.adobe.com/tiff/1.0/" xmlns:x="http://ns.adobe.com/xap/1.0/"';
    const began = performance.now();
    fitXmp(`<a ${head}>${"<t:Orientation>".repeat(60_000)}`, size);
    fitXmp(`<a ${head}>${"<x:Thumbnails>".repeat(60_000)}`, size);
    fitXmp(`<a ${head} ${"t:Orientation = ".repeat(60_000)}`, size);
    fitXmp(`<a ${"xmlns:t='".repeat(100_000)}`, size);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
