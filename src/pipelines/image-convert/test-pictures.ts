import sharp, { type Sharp } from "sharp";
import { runPipeline } from "../../testing/run-pipeline.ts";
import type { TestFile } from "../../testing/run-step.ts";
import { imageConvert } from "./index.ts";

/** A soft, colorful scene whose corners differ, so that rotated or mirrored copies can be recognized. */
export function scene(width = 320, height = 200): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = (y * width + x) * 3;
      const [u, v] = [x / width, y / height];
      const wave = 18 * Math.sin(u * 9) * Math.cos(v * 7);
      data[at] = 60 + 130 * u + wave;
      data[at + 1] = 80 + 90 * v - wave;
      data[at + 2] = 190 - 110 * u * (1 - v) + wave;
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** The scene with a hole in its middle. */
export function withHole(width = 320, height = 200): Promise<Buffer> {
  const hole = Buffer.from(
    `<svg width="${width}" height="${height}"><circle cx="50%" cy="50%" r="25%" fill="#fff"/></svg>`,
  );
  return scene(width, height)
    .ensureAlpha()
    .composite([{ input: hole, blend: "dest-out" }])
    .png()
    .toBuffer();
}

/** Frames of one color each. */
export async function animation(
  format: "gif" | "webp",
  colours: readonly string[],
  size = { width: 60, height: 40 },
): Promise<Buffer> {
  const frames = await Promise.all(
    colours.map((background) =>
      sharp({ create: { ...size, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  );
  const joined = sharp(frames, { join: { animated: true } });
  const options = { delay: colours.map((_, index) => 100 + index * 50), loop: 3 };
  return (format === "gif" ? joined.gif(options) : joined.webp({ ...options, lossless: true })).toBuffer();
}

/** Mean color difference of two images of the same size on white, 0 to 255. */
export async function difference(a: Buffer | Sharp, b: Buffer | Sharp): Promise<number> {
  const [one, other] = await Promise.all([a, b].map(pixels));
  if (!one || !other || one.length !== other.length) throw new Error("The pictures differ in size.");
  return one.reduce((sum, value, index) => sum + Math.abs(value - other[index]!), 0) / one.length;
}

export async function pixels(picture: Buffer | Sharp): Promise<Buffer> {
  const image = Buffer.isBuffer(picture) ? sharp(picture) : picture;
  const { data, info } = await image
    .flatten({ background: "#fff" })
    .removeAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return info.channels === 1 ? Buffer.from([...data].flatMap((value) => [value, value, value])) : data;
}

/** The color at a point, given as fractions of width and height. */
export async function colourAt(picture: Buffer, u: number, v: number, page = 0): Promise<number[]> {
  const { data, info } = await sharp(picture, { page })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const at = (Math.floor(v * info.height) * info.width + Math.floor(u * info.width)) * info.channels;
  return [...data.subarray(at, at + info.channels)];
}

export interface Converted {
  data: Buffer;
  name: string;
  mediaType: string;
  meta: Record<string, unknown>;
  warnings: { code: string; message: string }[];
  /** Codes of the warnings in order, except those about file size. */
  warned: string[];
}

/** Converts one file with the built-in pipeline. Throws the step's error. */
export async function convert(
  data: Buffer,
  options: object = {},
  extra: { name?: string; attachments?: TestFile[]; pipeline?: typeof imageConvert } = {},
): Promise<Converted> {
  const { name = "picture", attachments, pipeline = imageConvert } = extra;
  await using run = await runPipeline(pipeline, { files: [{ name, data }], options, attachments });
  const [item] = run.items;
  if (item?.error) throw item.error.cause;
  const [output] = item!.outputs;
  return {
    data: await output!.read(),
    name: output!.name,
    mediaType: output!.mediaType,
    meta: output!.meta!,
    warnings: item!.warnings,
    warned: item!.warnings
      .map(({ code }) => code)
      .filter((code) => !/^(larger_than_input|original_kept)$/.test(code)),
  };
}
