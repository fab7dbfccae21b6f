/** Converts a file in a process of its own, and writes what was foreseen and what it took. */
import { readFileSync } from "node:fs";
import sharp from "sharp";
import { runPipeline } from "../../testing/index.ts";
import { readPicture } from "../pictures/picture.ts";
import { imageConvert } from "./index.ts";
import { conversionBytes } from "./memory.ts";
import { imageConvertOptions } from "./options.ts";

const [path, text] = process.argv.slice(2) as [string, string];
const given = JSON.parse(text) as object;
const options = imageConvertOptions.parse(given);
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
  animated: options.animated,
  allPages: false,
  tolerant: false,
  what: "The file",
  async admit(extent) {
    foreseen = conversionBytes(extent, null, options, maxPixels);
    throw new Error("only its header is read");
  },
}).catch(() => {});
const run = await runPipeline(imageConvert, { files: [{ name: "a", data }], options: given });
const error = run.items[0]!.error?.message ?? null;
console.log(JSON.stringify({ foreseen, taken: bytesOf("VmHWM") - before, error }));
await run.dispose();
