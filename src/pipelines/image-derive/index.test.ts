import { readFile } from "node:fs/promises";
import { isBlurhashValid } from "blurhash";
import sharp from "sharp";
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from "thumbhash";
import { describe, expect, test } from "vitest";
import { difference, scene, withHole } from "../image-convert/test-pictures.ts";
import { derive, deriveAll } from "./test-derive.ts";

const photo = () => scene(640, 400).jpeg({ quality: 92 }).toBuffer();
const quick = { formats: ["webp", "jpeg"], widths: [160, 320] };

describe("renditions", () => {
  test("of each width, density and format, named by their width", async () => {
    const { outputs, result, warned } = await derive(await photo(), { ...quick, densities: [1, 2] });
    expect(outputs.map(({ name }) => name)).toEqual([
      ...["photo-0-160.webp", "photo-0-160.jpg", "photo-0-320.webp", "photo-0-320.jpg"],
      ...["photo-0-640.webp", "photo-0-640.jpg"],
    ]);
    for (const { data, meta } of outputs) {
      const { width, height, format } = await sharp(data).metadata();
      expect(meta).toEqual({ width, height, format });
    }
    expect(result.srcset).toMatchObject({ width: 640, height: 400, sizes: "100vw" });
    expect(warned).toEqual([]);
  });

  test("show the picture, and JPEGs progressively", async () => {
    const { outputs } = await derive(await photo(), { ...quick, quality: 90 });
    for (const { data, mediaType } of outputs) {
      const { width, isProgressive } = await sharp(data).metadata();
      expect(await difference(data, scene(640, 400).resize(width))).toBeLessThan(4);
      expect(isProgressive).toBe(mediaType === "image/jpeg");
    }
  });

  test("are never larger than the picture, which has a warning", async () => {
    const { outputs, warned } = await derive(await photo(), {
      widths: [320, 1280, 1920],
      formats: ["avif"],
    });
    expect(outputs.map(({ meta }) => meta!.width)).toEqual([320, 640]);
    expect(warned).toEqual(["widths_left_out"]);
  });

  test("stay transparent where their format can, and lie on the background in JPEG", async () => {
    const { outputs, result } = await derive(await withHole(), { ...quick, background: "#ff0000" });
    const middle = async (data: Buffer) => {
      const { data: pixels, info } = await sharp(data)
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * 4;
      return [...pixels.subarray(at, at + 4)];
    };
    expect((await middle(outputs[0]!.data))[3]).toBe(0);
    const [red, green, , alpha] = await middle(outputs[1]!.data);
    expect([red! > 240, green! < 20, alpha]).toEqual([true, true, 255]);
    expect(thumbHashToAverageRGBA(Buffer.from(result.placeholder.thumbhash, "base64")).a).toBeLessThan(1);
  });

  test("of an animation are of its first frame, which has a warning", async () => {
    const frames = await Promise.all(
      ["#ff0000", "#0000ff"].map((background) =>
        sharp({ create: { width: 40, height: 40, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const gif = await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer();
    const { warned, result } = await derive(gif, { widths: [40], formats: ["png"] });
    expect(warned).toEqual(["frames_dropped"]);
    expect(result.colors).toEqual([{ color: "#ff0000", share: 1 }]);
    expect(result.phash).toBeNull();
  });

  test("too many are refused", async () => {
    const widths = Array.from({ length: 12 }, (_, n) => 100 + n);
    await expect(
      derive(await photo(), { widths, densities: [1, 2], formats: ["avif", "webp", "jpeg"] }),
    ).rejects.toThrow("more than 48 pictures");
  });
});

describe("the HTML", () => {
  test("offers the best format first and the last for all others, with the address of every rendition", async () => {
    const { result } = await derive(await photo(), { ...quick, alt: 'A "wave" & <sea>', sizes: "50vw" });
    const { sources } = result.srcset;
    expect(sources.map(({ mediaType }) => mediaType)).toEqual(["image/webp", "image/jpeg"]);
    for (const { srcset, images } of sources) {
      expect(images.map(({ width }) => width)).toEqual([160, 320]);
      expect(srcset).toBe(
        images.map(({ artifactId, width }) => `/v1/artifacts/${artifactId} ${width}w`).join(", "),
      );
    }
    const [webp, jpeg] = sources;
    expect(result.html).toBe(
      [
        "<picture>",
        `  <source type="image/webp" srcset="${webp!.srcset}" sizes="50vw">`,
        `  <img src="${jpeg!.images[1]!.url}" srcset="${jpeg!.srcset}" sizes="50vw" alt="A &quot;wave&quot; &amp; &lt;sea&gt;" width="320" height="200" loading="lazy" decoding="async" style="background-color:${result.colors[0]!.color}">`,
        "</picture>",
      ].join("\n"),
    );
  });

  test("names public addresses where they are wanted", async () => {
    const { result } = await derive(await photo(), { ...quick, publish: true });
    expect(result.published).toBe(true);
    expect(result.html.match(/https:\/\/cdn\.example\/p\/[0-9a-f]{64}\.(webp|jpg)/g)).toHaveLength(5);
    expect(result.html).not.toContain("/v1/artifacts/");
  });
});

describe("crops", () => {
  /** A red square on gray. Its position is given as fractions of the available room. */
  const square = (x: number, y: number) =>
    sharp({ create: { width: 600, height: 300, channels: 3, background: "#888" } })
      .composite([
        { input: { create: { width: 80, height: 80, channels: 3, background: "#f20" } }, left: x, top: y },
      ])
      .png()
      .toBuffer();
  const redPart = async (data: Buffer) => {
    const pixels = await sharp(data).removeAlpha().raw().toBuffer();
    let red = 0;
    for (let at = 0; at < pixels.length; at += 3) if (pixels[at]! > 180 && pixels[at + 1]! < 90) red++;
    return red / (pixels.length / 3);
  };
  const crop = (data: Buffer, focus: string, ratio = "1:1") =>
    derive(data, { widths: [200], formats: ["png"], crop: { ratio, focus } });

  test.each([
    ["left", 0],
    ["right", 520],
    ["top-left", 0],
    ["attention", 500],
    ["attention", 20],
    ["entropy", 480],
  ])("to the %s keep what is there", async (focus, x) => {
    const { outputs, result } = await crop(await square(x, 110), focus);
    expect(outputs[0]!.meta).toMatchObject({ width: 200, height: 200 });
    expect(await redPart(outputs[0]!.data)).toBeGreaterThan(0.05);
    expect(result.colors.some(({ color }) => /^#f/.test(color))).toBe(true);
  });

  test("to the other side leave it out", async () => {
    const { outputs } = await crop(await square(520, 110), "left");
    expect(await redPart(outputs[0]!.data)).toBe(0);
  });

  test("have the ratio", async () => {
    const { outputs, result } = await crop(await square(0, 0), "center", "3:1");
    expect(outputs[0]!.meta).toMatchObject({ width: 200, height: 67 });
    expect(
      thumbHashToApproximateAspectRatio(Buffer.from(result.placeholder.thumbhash, "base64")),
    ).toBeGreaterThan(2);
  });
});

describe("what is found", () => {
  test("placeholders, colors and a hash", async () => {
    const half = await sharp({ create: { width: 60, height: 40, channels: 3, background: "#1040c0" } })
      .extend({ right: 20, background: "#f0e020" })
      .png()
      .toBuffer();
    const { result } = await derive(half, { widths: [80], formats: ["png"] });
    expect(result.colors.map(({ color }) => color)).toEqual(["#1040c0", "#f0e020"]);
    expect(result.colors[0]!.share).toBeCloseTo(0.75, 1);
    expect(isBlurhashValid(result.placeholder.blurhash)).toMatchObject({ result: true });
    const hash = Buffer.from(result.placeholder.thumbhash, "base64");
    expect(thumbHashToApproximateAspectRatio(hash)).toBeCloseTo(2, 0);
    expect(thumbHashToAverageRGBA(hash).b).toBeGreaterThan(0.4);
  });

  const exif = {
    IFD0: { Make: "Camera", Model: "One", Copyright: "Millrace" },
    IFD2: { FNumber: "28/10", DateTimeOriginal: "2024:05:06 07:08:09" },
    IFD3: {
      ...{ GPSLatitudeRef: "S", GPSLatitude: "33/1 51/1 30/1" },
      ...{ GPSLongitudeRef: "E", GPSLongitude: "151/1 12/1 0/1", GPSAltitude: "12/1" },
    },
  };

  test.each(["jpeg", "png", "webp", "avif"] as const)(
    "EXIF and place in %s, which go by default",
    async (format) => {
      const data = await scene().withExif(exif).toFormat(format).toBuffer();
      const { result, outputs } = await derive(data, { widths: [80], formats: [format] });
      expect(result.exif).toMatchObject({ Make: "Camera", Model: "One", FNumber: 2.8 });
      expect(result.gps).toMatchObject({ latitude: -33.8583333, longitude: 151.2 });
      expect((await sharp(outputs[0]!.data).metadata()).exif).toBeUndefined();
      const kept = await derive(data, { widths: [80], formats: [format], keepMetadata: true });
      expect((await sharp(kept.outputs[0]!.data).metadata()).exif?.toString("latin1")).toContain("Millrace");
      expect(kept.outputs[0]!.meta).toMatchObject({ width: 80, height: 50 });
    },
  );

  test("EXIF that is damaged has a warning", async () => {
    const data = await scene().withExif(exif).jpeg().toBuffer();
    // Offset of the first directory.
    const start = data.indexOf("Exif\0\0") + 6;
    data.writeUInt32LE(0x7fffffff, start + 4);
    const { result, warned } = await derive(data, { widths: [80], formats: ["jpeg"] });
    expect([result.exif, result.gps]).toEqual([null, null]);
    expect(warned).toContain("exif_unreadable");
  });
});

test("near-duplicates are found among the other pictures, mirrored and turned too", async () => {
  const [sea, dunes] = await Promise.all(["sea", "dunes"].map((name) => readFile(`samples/${name}.jpg`)));
  const small = await sharp(sea).resize(300).jpeg({ quality: 50 }).toBuffer();
  const mirrored = await sharp(sea).flop().rotate(90).resize(240).webp().toBuffer();
  const found = await deriveAll([sea!, dunes!, small, mirrored], { widths: [64], formats: ["jpeg"] });
  expect(found.map(({ result }) => result.duplicates.length)).toEqual([0, 0, 1, 2]);
  expect(found[3]!.result.duplicates[0]!.distance).toBeLessThanOrEqual(4);
  const [, , quiet] = await deriveAll([sea!, dunes!, small], {
    widths: [64],
    formats: ["jpeg"],
    duplicates: false,
  });
  expect(quiet!.result.duplicates).toEqual([]);
});
