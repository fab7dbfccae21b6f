import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { animation, convert, difference, scene } from "./test-pictures.ts";

const pageOf = (data: Buffer, page: number) => sharp(data, { page }).png().toBuffer();

/** A WebP of three frames whose corners differ, with an EXIF orientation. */
async function oriented(orientation: number): Promise<Buffer> {
  const frames = await Promise.all(
    [0, 90, 180].map((hue) => scene(60, 40).modulate({ hue }).png().toBuffer()),
  );
  return sharp(frames, { join: { animated: true } })
    .withMetadata({ orientation })
    .webp({ lossless: true, delay: [100, 200, 300], loop: 2 })
    .toBuffer();
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])("orientation %i", (orientation) => {
  test.each([{}, { width: 30 }, { watermark: { text: "a", opacity: 0 } }])("%j", async (options) => {
    const data = await oriented(orientation);
    const result = await convert(data, { ...options, format: "webp", lossless: true });
    const header = await sharp(result.data).metadata();
    expect(header).toMatchObject({ pages: 3, delay: [100, 200, 300], loop: 2 });
    expect([1, undefined]).toContain(header.orientation);
    for (const page of [0, 1, 2]) {
      // sharp rotates still images correctly, so compare with those.
      const still = await sharp(await pageOf(data, page))
        .withMetadata({ orientation })
        .png()
        .toBuffer();
      const upright = await sharp(still).autoOrient().png().toBuffer();
      const direct = "width" in options ? sharp(upright).resize({ width: 30 }) : sharp(upright);
      expect(await difference(await pageOf(result.data, page), direct)).toBeLessThan(0.5);
    }
  });
});

describe("no frame has a pixel of its neighbors", () => {
  const colors = ["#000000", "#ffffff", "#000000"];
  test.each([
    ["gif", { width: 120, enlarge: true }],
    ["gif", { width: 31 }],
    ["webp", { width: 33, height: 33, fit: "cover" }],
    ["webp", { width: 90, height: 90, fit: "contain", background: "#000000" }],
    ["webp", { width: 20, height: 55, fit: "fill", enlarge: true }],
  ] as const)("%s %j", async (from, options) => {
    const data = await animation(from, colors);
    const result = await convert(data, { ...options, format: "webp", lossless: true });
    for (const [page, color] of colors.entries()) {
      const frame = await sharp(result.data, { page }).removeAlpha().png().toBuffer();
      const { channels } = await sharp(frame).stats();
      if (color === "#000000") expect(channels.map(({ max }) => max)).toEqual([0, 0, 0]);
      else if (options.width !== 90) expect(channels.map(({ min }) => min)).toEqual([255, 255, 255]);
    }
    const header = await sharp(result.data, { animated: true }).metadata();
    expect(header).toMatchObject({ pages: 3, width: result.meta.width, pageHeight: result.meta.height });
  });

  test("nor of a watermark that another has", async () => {
    const logo = { name: "logo.png", data: await scene(20, 20).png().toBuffer() };
    const watermark = { image: { file: "logo.png" }, position: "bottom", opacity: 1, size: 1 };
    const data = await animation("gif", ["#ffffff", "#ffffff", "#ffffff"], { width: 41, height: 23 });
    const { data: marked } = await convert(
      data,
      { format: "webp", lossless: true, watermark, width: 37 },
      { attachments: [logo] },
    );
    expect(await difference(await pageOf(marked, 1), await pageOf(marked, 0))).toBe(0);
  });
});

test.each(["gif", "webp"] as const)("transparent frames of a %s replace those before", async (format) => {
  const dot = (x: number) =>
    sharp({ create: { width: 40, height: 20, channels: 4, background: "#00000000" } })
      .composite([
        { input: { create: { width: 10, height: 20, channels: 4, background: "#ff0000" } }, left: x, top: 0 },
      ])
      .png()
      .toBuffer();
  const joined = sharp(await Promise.all([dot(0), dot(20)]), { join: { animated: true } });
  const data = await (format === "gif" ? joined.gif() : joined.webp({ lossless: true })).toBuffer();
  for (const options of [{}, { width: 20 }]) {
    const result = await convert(data, {
      ...options,
      format: format === "gif" ? "webp" : "gif",
      lossless: true,
    });
    const second = await sharp(result.data, { page: 1 }).ensureAlpha().raw().toBuffer();
    const alphas = second.filter((_, at) => at % 4 === 3);
    // Nothing remains of the first frame's dot.
    expect(alphas[1]).toBe(0);
    expect(Math.max(...alphas)).toBe(255);
  }
});

test("frames that look alike keep their number and delays in GIF", async () => {
  const data = await animation("gif", ["#ff0000", "#0000ff", "#00ff00"]);
  const tall = await sharp(data, { animated: true }).raw().toBuffer({ resolveWithObject: true });
  const { width, channels } = tall.info;
  const frame = tall.data.subarray(0, width * 40 * channels);
  const twice = sharp(Buffer.concat([frame, frame, frame]), {
    raw: { width, height: 120, channels, pageHeight: 40 },
  });
  const same = await twice.gif({ delay: [100, 200, 300], loop: 1, keepDuplicateFrames: true }).toBuffer();
  const header = await sharp((await convert(same, { format: "gif", width: 30 })).data).metadata();
  expect(header).toMatchObject({ pages: 3, delay: [100, 200, 300], loop: 1 });
});

test("frames that the format does not take are warned of, unless they are not wanted", async () => {
  const data = await animation("gif", ["#ff0000", "#0000ff"]);
  expect((await convert(data, { format: "png" })).warned).toEqual(["frames_dropped"]);
  expect((await convert(data, { format: "png", animated: false })).warned).toEqual([]);
  expect((await convert(data, { format: "webp" })).warned).toEqual([]);
});
