import sharp from "sharp";
import { expect, test } from "vitest";
import { runPipeline } from "../../testing/run-pipeline.ts";
import { joinTiffs } from "../pictures/tiff-join.ts";
import { createImageConvert, imageConvert } from "./index.ts";
import { convert, difference, scene } from "./test-pictures.ts";
import { tiff } from "./test-tiff.ts";

/** Three pages of different sizes and depths. */
async function document(): Promise<Buffer> {
  return joinTiffs(
    await Promise.all([
      scene(60, 40).tiff({ compression: "lzw" }).toBuffer(),
      scene(50, 70).toColourspace("b-w").tiff({ compression: "deflate" }).toBuffer(),
      scene(300, 200)
        .toColourspace("rgb16")
        .tiff({ compression: "none", xres: 300 / 25.4, yres: 300 / 25.4 })
        .toBuffer(),
    ]),
  );
}

async function outputs(options: object) {
  await using run = await runPipeline(imageConvert, {
    files: [{ name: "scan.tif", data: await document() }],
    options,
  });
  const [item] = run.items;
  if (item!.error) throw item!.error.cause;
  const files = await Promise.all(
    item!.outputs.map(async (output) => ({ ...output, data: await output.read() })),
  );
  return { files, warnings: item!.warnings };
}

test.each(["tiff", "original"])("%s takes every page, each of its size and depth", async (format) => {
  const { files, warnings } = await outputs({ format });
  expect(warnings).toEqual([]);
  expect(files).toMatchObject([{ name: "scan.tiff", meta: { pages: 3, width: 60, height: 40 } }]);
  const data = files[0]!.data;
  expect(await sharp(data).metadata()).toMatchObject({ pages: 3, space: "srgb", density: 72 });
  const pages = [1, 2].map((page) => sharp(data, { page }).metadata());
  expect(await Promise.all(pages)).toMatchObject([
    { width: 50, height: 70, space: "b-w" },
    { width: 300, height: 200, depth: "ushort", density: 300 },
  ]);
  for (const [page, [width, height]] of [
    [60, 40],
    [50, 70],
    [300, 200],
  ].entries()) {
    const original = page === 1 ? scene(width, height).greyscale() : scene(width, height);
    expect(await difference(sharp(data, { page }), original)).toBeLessThan(1.5);
  }
});

test("options hold for each page", async () => {
  const { files } = await outputs({ format: "tiff", width: 30, watermark: { text: "a" } });
  for (const page of [0, 1, 2]) expect((await sharp(files[0]!.data, { page }).metadata()).width).toBe(30);
});

test("another format gets the first page and a warning", async () => {
  const { files, warnings } = await outputs({ format: "png" });
  expect(files).toMatchObject([{ name: "scan.png", meta: { width: 60, height: 40 } }]);
  expect(warnings).toEqual([
    {
      code: "pages_dropped",
      message:
        'Only the first of 3 pages is in the PNG. Set pages to "all" for one file per page, or convert to TIFF to keep all pages in one file.',
    },
  ]);
});

test("or a file for each page", async () => {
  const { files, warnings } = await outputs({ format: "webp", pages: "all" });
  expect(warnings).toEqual([]);
  expect(files.map(({ name, meta }) => [name, meta?.width, meta?.page])).toEqual([
    ["scan-1.webp", 60, 1],
    ["scan-2.webp", 50, 2],
    ["scan-3.webp", 300, 3],
  ]);
});

test("a thumbnail in a TIFF is no page", async () => {
  const data = joinTiffs([
    tiff({ width: 60, height: 2, rows: [10, 200] }),
    tiff({ width: 30, height: 1, rows: [99], tags: [[254, 4, 1]] }),
  ]);
  expect(await sharp(data).metadata()).toMatchObject({ pages: 2 });
  const { meta, warned } = await convert(data, { format: "png" });
  expect(meta).toMatchObject({ width: 60 });
  expect(warned).toEqual([]);
});

test("pages count together, as far as they are converted", async () => {
  const pipeline = createImageConvert({ maxPixels: 15_000 });
  const page = await scene(120, 100).tiff({ compression: "lzw" }).toBuffer();
  const data = joinTiffs(Array(60).fill(page));
  await expect(convert(data, { format: "tiff" }, { pipeline })).rejects.toMatchObject({
    code: "too_many_pixels",
    message:
      "The file has 0.72 megapixels on 60 pages. The limit is 0.6. Split it, or convert only its first page.",
  });
  expect((await convert(data, { format: "png" }, { pipeline })).warned).toEqual(["pages_dropped"]);
});
