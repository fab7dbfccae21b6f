/** Converts or derives a file in a separate process, and writes the predicted and the actual memory. */
import { readFileSync } from "node:fs";
import sharp from "sharp";
import { runPipeline } from "../../testing/index.ts";
import { imageDerive } from "../image-derive/index.ts";
import { derivingBytes } from "../image-derive/memory.ts";
import { imageDeriveOptions } from "../image-derive/options.ts";
import type { Extent } from "../pictures/extent.ts";
import { readPicture } from "../pictures/picture.ts";
import { imageConvert } from "./index.ts";
import { conversionBytes } from "./memory.ts";
import { imageConvertOptions } from "./options.ts";

const [path, text, derives] = process.argv.slice(2) as [string, string, string | undefined];
const given = JSON.parse(text) as object;
const pipeline = derives ? imageDerive : imageConvert;
const foresee = (extent: Extent) =>
  derives
    ? derivingBytes(extent, imageDeriveOptions.parse(given))
    : conversionBytes(extent, null, imageConvertOptions.parse(given), maxPixels);
const bytesOf = (name: string) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync("/proc/self/status", "latin1"))![1]) *
  1024;

const pixel = { width: 8, height: 8, channels: 3, background: "#000" } as const;
for (const format of ["webp", "png"] as const) await sharp({ create: pixel }).toFormat(format).toBuffer();
const before = bytesOf("VmRSS");
const maxPixels = 50_000_000;
let foreseen = 0;
const data = readFileSync(path);
await readPicture(data, {
  maxPixels,
  animated: !derives,
  allPages: false,
  tolerant: false,
  what: "The file",
  async admit(extent) {
    foreseen = foresee(extent);
    throw new Error("only its header is read");
  },
}).catch(() => {});
const run = await runPipeline(pipeline, { files: [{ name: "a", data }], options: given });
const error = run.items[0]!.error?.message ?? null;
console.log(JSON.stringify({ foreseen, taken: bytesOf("VmHWM") - before, error }));
await run.dispose();
