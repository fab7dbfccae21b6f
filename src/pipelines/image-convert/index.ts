import sharp from "sharp";
import type { EachContext } from "../../pipeline/context.ts";
import { definePipeline } from "../../pipeline/pipeline.ts";
import { formatOf, formats, inputMediaTypes, outputFormat } from "../pictures/formats.ts";
import { lostMetadata } from "../pictures/metadata.ts";
import { type Picture, readPicture } from "../pictures/picture.ts";
import { withinDrawingTime } from "../pictures/svg-limits.ts";
import { type ImageConvertLimits, imageConvertLimits } from "./limits.ts";
import { type ImageConvertOptions, imageConvertOptions } from "./options.ts";
import { render } from "./render.ts";
import { neverLarger } from "./smaller.ts";
import type { Mark } from "./watermark.ts";

export type { ImageConvertLimits } from "./limits.ts";
export type { ImageConvertOptions } from "./options.ts";

export const imageConvertName = "image.convert";
export const imageConvertVersion = 1;

// One thread a picture and several pictures at once use the cores better than many threads on one.
sharp.concurrency(1);
// Each picture is read once: what libvips would keep is never asked for again.
sharp.cache(false);

/** The built-in pipeline that converts, resizes and marks pictures, with limits of one's own. */
export function createImageConvert(limits: Partial<ImageConvertLimits> = {}) {
  const { maxPixels, maxFiles, maxFileBytes } = { ...imageConvertLimits, ...limits };
  return definePipeline({
    name: imageConvertName,
    version: imageConvertVersion,
    title: "Convert images",
    description: "Another format, size and quality for many pictures at once, with a watermark if you like.",
    accepts: { mediaTypes: inputMediaTypes, minFiles: 1, maxFiles, maxFileBytes },
    options: imageConvertOptions,
    tools: { sharp: sharp.versions.sharp, libvips: sharp.versions.vips },
  }).each("convert", (context) => convert(context, maxPixels), {
    concurrency: 2,
    version: "2",
    isolate: { memoryMiB: 1_024 },
  });
}

export const imageConvert = createImageConvert();

type Context = EachContext<ImageConvertOptions, null>;

async function convert(context: Context, maxPixels: number): Promise<void> {
  const { options, file } = context;
  context.progress(0, "decode");
  const data = await context.read(file);
  const picture = await readPicture(data, {
    maxPixels,
    animated: keepsAnimation(options, data),
    tolerant: options.tolerant,
    what: "The file",
  });
  const mark = await readMark(context, maxPixels);

  context.progress(0.1, "convert");
  const rendering = render(picture, options, mark);
  const { outputs, warnings } = await (isDrawing(picture, mark)
    ? withinDrawingTime("The SVG", rendering)
    : rendering);

  context.progress(0.9, "write");
  for (const rendered of outputs) {
    const { format, width, height, frames, page, pages } = rendered;
    const kept = neverLarger(data, picture, rendered, options);
    const output = { data: kept.data, format };
    warnings.push(...kept.warnings, ...(await lostMetadata(picture.metadata, output, options.keepMetadata)));
    const { mediaType, extension } = formats[format];
    await context.write({
      extension,
      suffix: page ? `-${page}` : "",
      data: kept.data,
      mediaType,
      meta: {
        ...{ width, height, frames, format },
        ...(page && { page }),
        ...(pages && { pages }),
        savedBytes: file.bytes - kept.data.length,
      },
    });
  }
  for (const { code, message } of warnings) context.warn(code, message);
}

function isDrawing(picture: Picture, mark: Mark | null): boolean {
  return picture.format === "svg" || (mark !== null && "image" in mark && mark.image.format === "svg");
}

/** An animation stays one in GIF and WebP. */
function keepsAnimation({ animated, format }: ImageConvertOptions, data: Buffer): boolean {
  const input = formatOf(data);
  return animated && input !== null && formats[outputFormat(input, format)].animates;
}

async function readMark(context: Context, maxPixels: number): Promise<Mark | null> {
  const { watermark } = context.options;
  if (watermark?.text !== undefined) return { text: watermark.text };
  if (!watermark?.image) return null;
  const data = await context.read(watermark.image);
  const what = "The watermark image";
  return { image: await readPicture(data, { maxPixels, animated: false, tolerant: false, what }) };
}
