import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import type { Raster } from "../pictures/raster.ts";
import { positions } from "./choices.ts";
import { animation, colourAt, convert, difference, pixels, scene } from "./test-pictures.ts";
import { renderText } from "./watermark-text.ts";

const WIDTH = 480;
const HEIGHT = 320;

function plain(background: string, width = WIDTH, height = HEIGHT): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer();
}

/** The same size for every text, so that texts can be compared. */
function thumbnail({ data, width, height, channels }: Raster): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels } })
    .flatten({ background: "#808080" })
    .resize(120, 24, { fit: "fill" })
    .png()
    .toBuffer();
}

const logo = {
  name: "logo.png",
  data: await sharp({ create: { width: 50, height: 50, channels: 4, background: "#ff0000" } })
    .png()
    .toBuffer(),
};

/** Bounding box of the differing pixels, and the largest difference. */
async function changes(before: Buffer, after: Buffer, width: number) {
  const [one, other] = await Promise.all([before, after].map(pixels));
  const box = { left: Infinity, top: Infinity, right: -1, bottom: -1, most: 0 };
  for (let at = 0; at < one!.length; at += 3) {
    const off = Math.max(...[0, 1, 2].map((band) => Math.abs(one![at + band]! - other![at + band]!)));
    if (off < 4) continue;
    const [x, y] = [(at / 3) % width, Math.floor(at / 3 / width)];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
    box.most = Math.max(box.most, off);
  }
  return box;
}

describe.each(["#ffffff", "#000000", "#808080"])("on %s", (background) => {
  test.each(positions)("text and picture lie at the %s", async (position) => {
    const ground = await plain(background);
    for (const mark of [{ text: "한글 Mark" }, { image: { file: "logo.png" } }]) {
      const watermark = { ...mark, position, size: 0.25 };
      const { data, meta } = await convert(ground, { format: "png", watermark }, { attachments: [logo] });
      expect(meta).toMatchObject({ width: WIDTH, height: HEIGHT });
      const box = await changes(ground, data, WIDTH);
      expect(box.right - box.left).toBeLessThanOrEqual(WIDTH / 4);
      expect(box.bottom - box.top).toBeLessThanOrEqual(HEIGHT / 4);
      const [x, y] = [(box.left + box.right) / 2 / WIDTH, (box.top + box.bottom) / 2 / HEIGHT];
      const [across, down] = [position.split("-").at(-1), position.split("-")[0]];
      expect(x).toSatisfy((u: number) =>
        across === "left" ? u < 0.3 : across === "right" ? u > 0.7 : Math.abs(u - 0.5) < 0.03,
      );
      expect(y).toSatisfy((v: number) =>
        down === "top" ? v < 0.3 : down === "bottom" ? v > 0.7 : Math.abs(v - 0.5) < 0.03,
      );
      // At the default opacity of 0.3, it is visible on any background.
      expect(box.most).toBeGreaterThan(35);
      expect(
        Math.min(box.left, box.top, WIDTH - 1 - box.right, HEIGHT - 1 - box.bottom),
      ).toBeGreaterThanOrEqual(4);
    }
  });
});

describe("letters", () => {
  const render = (text: string) => renderText(text, { width: 400, height: 200 });

  test("Korean and Latin are drawn, not boxes for missing letters", async () => {
    // No font has private-use characters, so each gives the same box.
    const missing = await render("\ue000\ue001");
    const words = ["한글", "가나", "Wa", "né", "ßø"];
    const drawn = await Promise.all(words.map(render));
    for (const raster of drawn) expect(raster.data.equals(missing.data)).toBe(false);
    expect(new Set(drawn.map((raster) => raster.data.toString("base64"))).size).toBe(words.length);
    // A box would be the same for every letter. These two differ in one stroke.
    const halves = await Promise.all(["각", "간"].map(render));
    expect(halves[0]!.data.equals(halves[1]!.data)).toBe(false);
  });

  test("they look alike on a machine without fonts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "no-fonts-"));
    try {
      const config = join(folder, "fonts.conf");
      await writeFile(config, `<?xml version="1.0"?><fontconfig><cachedir>${folder}</cachedir></fontconfig>`);
      const module = new URL("./watermark-text.ts", import.meta.url).href;
      const code = `const { renderText } = await import(${JSON.stringify(module)});
        const raster = await renderText("한글 Watermark é", { width: 400, height: 200 });
        process.stdout.write(JSON.stringify({ ...raster, data: raster.data.toString("base64") }));`;
      const child = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], {
        env: { ...process.env, FONTCONFIG_FILE: config },
        maxBuffer: 10e6,
      });
      const parsed = JSON.parse(child.stdout);
      const bare = await thumbnail({ ...parsed, data: Buffer.from(parsed.data, "base64") });
      const here = await thumbnail(await render("한글 Watermark é"));
      const boxes = await thumbnail(await render("\ue000".repeat(9)));
      // Hinting depends on the system, so the letters' edges differ a little.
      const [likeHere, likeBoxes] = [await difference(bare, here), await difference(bare, boxes)];
      expect(likeHere).toBeLessThan(8);
      expect(likeBoxes).toBeGreaterThan(3 * likeHere);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("markup is text", async () => {
    const [tag, bare] = await Promise.all(["<b>A</b> & <span size='1'>", "A"].map(render));
    expect(tag!.width / tag!.height).toBeGreaterThan(2 * (bare!.width / bare!.height));
  });

  test.each([1, 5, 20, 40, 90, 200])("%i letters fit", async (length) => {
    for (const box of [
      { width: 400, height: 200 },
      { width: 60, height: 300 },
      { width: 5, height: 3 },
    ]) {
      const raster = await renderText("가 나B ".repeat(50).slice(0, length), box);
      expect(raster.width).toBeLessThanOrEqual(box.width);
      expect(raster.height).toBeLessThanOrEqual(box.height);
      expect(raster.data.some((value) => value > 0)).toBe(true);
    }
  });

  test.each(["\u200b", "\u0000\u0001", "a\u0000b", "\ud800", "😀", "ab\u202ecd", "a\nb", "العربية"])(
    "%j does no harm",
    async (text) => {
      const outcome = render(text).then((raster) => raster.width);
      await expect(outcome.catch((error: Error) => error.message)).resolves.toSatisfy(
        (seen: number | string) =>
          seen === "The watermark's text has no visible characters." || Number(seen) > 0,
      );
    },
  );
});

describe("picture", () => {
  const mark = { image: { file: "logo.png" }, position: "center", opacity: 1, size: 0.5 };

  test.each([
    ["grey with alpha", (image: Sharp) => image.greyscale().ensureAlpha(0.9).png()],
    ["grey", (image: Sharp) => image.greyscale().jpeg()],
    ["16-bit", (image: Sharp) => image.toColourspace("rgb16").png()],
    ["CMYK", (image: Sharp) => image.toColourspace("cmyk").jpeg()],
    ["palette", (image: Sharp) => image.png({ palette: true })],
    ["WebP", (image: Sharp) => image.webp()],
    ["turned by EXIF", (image: Sharp) => image.withMetadata({ orientation: 6 }).jpeg()],
  ])("%s works", async (_, make) => {
    const data = await make(scene(100, 60)).toBuffer();
    for (const ground of [await plain("#ffffff"), await scene(WIDTH, HEIGHT).greyscale().jpeg().toBuffer()]) {
      const result = await convert(
        ground,
        { format: "png", watermark: mark },
        { attachments: [{ name: "logo.png", data }] },
      );
      expect((await changes(ground, result.data, WIDTH)).most).toBeGreaterThan(15);
    }
  });

  test("its opacity is kept", async () => {
    const watermark = { ...mark, opacity: 0.5 };
    const { data } = await convert(
      await plain("#000000"),
      { format: "png", watermark },
      { attachments: [logo] },
    );
    expect(await colourAt(data, 0.5, 0.5)).toEqual([expect.closeTo(128, -1), 0, 0, 255]);
  });

  test.each([20, 0.5, 0.9])("a broken one is said to be the watermark (cut at %d)", async (cut) => {
    const whole = await scene(200, 100).png().toBuffer();
    const attachments = [{ name: "logo.png", data: whole.subarray(0, cut < 1 ? whole.length * cut : cut) }];
    await expect(convert(await plain("#000"), { watermark: mark }, { attachments })).rejects.toMatchObject({
      code: "undecodable_file",
      message: expect.stringContaining("The watermark image"),
    });
  });
});

test("every frame of an animation is marked alike", async () => {
  for (const format of ["gif", "webp"] as const) {
    const data = await animation(format, ["#000000", "#0000ff", "#00ff00"], { width: 101, height: 67 });
    const watermark = { image: { file: "logo.png" }, position: "bottom-right", opacity: 1, size: 0.5 };
    const result = await convert(data, { watermark, format, width: 61 }, { attachments: [logo] });
    expect(result.meta.frames).toBe(3);
    for (const page of [0, 1, 2]) {
      expect((await colourAt(result.data, 0.85, 0.8, page))[0]).toBeGreaterThan(240);
      expect((await colourAt(result.data, 0.2, 0.2, page))[0]).toBeLessThan(15);
    }
  }
});

test("an opaque picture stays opaque", async () => {
  const { data } = await convert(await plain("#123456"), { format: "png", watermark: { text: "a" } });
  expect((await sharp(data).metadata()).hasAlpha).toBe(false);
});

test.each([
  [1, 1],
  [2, 2],
  [3, 7],
  [1, 500],
  [500, 2],
])("a picture of %i × %i takes a watermark", async (width, height) => {
  for (const mark of [{ text: "Mark 한글" }, { image: { file: "logo.png" } }]) {
    const data = await plain("#808080", width, height);
    const { meta } = await convert(data, { watermark: { ...mark, size: 1 } }, { attachments: [logo] });
    expect(meta).toMatchObject({ width, height });
  }
});

test("a text as large as the picture costs no more than the picture", { timeout: 120_000 }, async () => {
  const photo = await scene(4500, 3000).jpeg().toBuffer();
  // Best of three, because other load only adds CPU time.
  const spent = async (work: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let time = 0; time < 3; time++) {
      const began = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(began);
      times.push(user + system);
    }
    return Math.min(...times);
  };
  const picture = await spent(() => sharp(photo).webp({ quality: 80 }).toBuffer());
  // Fewer letters are larger and have wider outlines.
  for (const text of ["M", "a long text ".repeat(12)]) {
    const mark = await spent(() => renderText(text, { width: 4500, height: 3000 }));
    expect(mark).toBeLessThan(picture);
  }
});
