import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { writeBmp } from "../pictures/bmp-write.ts";
import type { Extent } from "../pictures/extent.ts";
import { imageConvert } from "./index.ts";
import { imageConvertLimits } from "./limits.ts";
import { conversionBytes } from "./memory.ts";
import { imageConvertOptions } from "./options.ts";
import { bandTiff, largePng } from "./test-large.ts";
import { animation } from "./test-pictures.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "millrace-memory-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const size = { width: 3_000, height: 2_000 };
const plain = (channels: 3 | 4) => sharp({ create: { ...size, channels, background: "#7aab" } });
const bitmap = async () => {
  const data = await plain(3).raw().toBuffer();
  return writeBmp({ data, ...size, channels: 3, density: null });
};
const frames = (format: "gif" | "webp") =>
  animation(
    format,
    Array.from({ length: 12 }, (_, n) => `#${n.toString(16)}48`),
    { width: 1_000, height: 800 },
  );
const deepPng = async () => largePng(size.width, size.height);
const cases: [string, () => Promise<Buffer>, object, "derive"?][] = [
  ["an interlaced PNG of 16 bits", deepPng, { format: "webp", width: 640 }],
  ["one on a canvas", deepPng, { format: "jpeg", width: 3_000, height: 3_000, fit: "contain" }],
  ["a progressive JPEG", () => plain(3).jpeg({ progressive: true }).toBuffer(), { format: "png" }],
  [
    "a turned JPEG",
    () => plain(3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    { format: "webp", lossless: true },
  ],
  ["a WebP", () => plain(4).webp().toBuffer(), { format: "jpeg", watermark: { text: "draft" } }],
  ["a BMP", bitmap, { format: "tiff" }],
  ["a TIFF of many bands", async () => bandTiff(3_000, 2_000, 5), { format: "png" }],
  ["an animated GIF", () => frames("gif"), { format: "webp", width: 900 }],
  ["an animated WebP", () => frames("webp"), { format: "gif" }],
  ["a photo to a progressive JPEG", () => plain(3).jpeg().toBuffer(), { format: "jpeg", progressive: true }],
  ["a PNG for the web", deepPng, { widths: [2_000], formats: ["avif"] }, "derive"],
  [
    "a turned photo for the web",
    () => plain(3).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    { widths: [3_000], formats: ["webp", "jpeg"], crop: { ratio: "1:1" }, keepMetadata: true },
    "derive",
  ],
];

test.runIf(process.platform === "linux").each(cases)(
  "converting %s takes no more memory than is reserved for it",
  { timeout: 60_000 },
  async (name, make, options, derives) => {
    const path = join(folder, name);
    writeFileSync(path, await make());
    const program = join(import.meta.dirname, "test-memory.ts");
    const { stdout } = await run(process.execPath, [
      program,
      path,
      JSON.stringify(options),
      ...(derives ? [derives] : []),
    ]);
    const { foreseen, taken, error } = JSON.parse(stdout) as Record<string, number | string | null>;
    expect(error).toBeNull();
    expect(taken).toBeGreaterThan(size.width);
    expect(taken).toBeLessThan(foreseen as number);
  },
);

test("a picture of the most pixels fits, whatever it becomes", () => {
  const { maxPixels, maxFileBytes } = imageConvertLimits;
  const photo: Extent = {
    format: "jpeg",
    fileBytes: maxFileBytes,
    width: maxPixels / 5_000,
    height: 5_000,
    frames: 1,
    pixelBytes: maxPixels * 3,
    copies: 1,
    gray: false,
    deep: false,
  };
  // 100 MiB are for the process itself.
  const room = (imageConvert.steps[0]!.isolate!.memoryMiB - 100) * 1024 * 1024;
  for (const format of ["jpeg", "png", "webp", "avif", "tiff", "gif", "bmp"]) {
    const options = imageConvertOptions.parse({ format });
    expect(conversionBytes(photo, null, options, maxPixels), format).toBeLessThanOrEqual(room);
  }
});
